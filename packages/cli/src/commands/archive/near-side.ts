import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type ArchiveSigner,
  type ExportOptions,
  farSideOfHave,
  farSideOfLock,
  farSideOfRequest,
  joinFarSides,
  NOTHING_THERE,
  parseHaveList,
  signFile,
  signingKey,
} from "@skerry/mirror";
import { CONTENTS_FILE, type ManifestCache } from "@skerry/oci";
import { UsageError } from "../../args/errors.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { requiredLock } from "../mirror/image-set.ts";
import type { ToArchiveFlags } from "./archive-flags.ts";

/** What the flags of an export say about the far side: its have-list, a lock it has, or what it asks for. */
export function farSide(job: Job<ToArchiveFlags>, manifests: ManifestCache): ExportOptions["farSide"] {
  const { have, since, request } = job.flags;
  return async ({ lock, source }) => {
    let known = NOTHING_THERE;
    if (have !== undefined) {
      const text = await readInput(job, have);
      known = joinFarSides(
        known,
        await farSideOfHave({ list: parseHaveList(text, have), text }, { manifests, lock, source, signal: job.signal }),
      );
    }
    if (since !== undefined) known = joinFarSides(known, await farSideOfLock(await requiredLock(job, since), source, job.signal));
    if (request !== undefined) known = joinFarSides(known, farSideOfRequest(await readInput(job, request), request));
    return known;
  };
}

/** The signer that `--sign-key` names; its key is read before anything is done. */
export async function signerOf(job: Job<ToArchiveFlags>): Promise<ArchiveSigner | undefined> {
  const path = job.flags["sign-key"];
  if (path === undefined) return undefined;
  const key = signingKey(await readInput(job, path), path);
  return {
    signature: key.signature,
    write: async (dir) => {
      await signFile(join(dir, CONTENTS_FILE), key);
    },
  };
}

/** Text of a file that a flag names. @throws UsageError */
export async function readInput(job: Pick<Job<unknown>, "world">, path: string): Promise<string> {
  try {
    return await readFile(pathOf(job, path), "utf8");
  } catch (cause) {
    throw new UsageError(`cannot read ${path}`, { subject: path, cause, hint: "Check the path." });
  }
}
