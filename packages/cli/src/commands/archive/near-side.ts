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
  type Tool,
} from "@skerry/mirror";
import { CONTENTS_FILE, type ManifestCache } from "@skerry/oci";
import { UsageError } from "../../args/errors.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { readTextInput } from "../../places/text-input.ts";
import { VERSION } from "../../version.ts";
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

/** The program itself, where it is a single file and was not left out by `--exclude-tool`. */
export async function travellingTool(job: Job<ToArchiveFlags>): Promise<Tool | undefined> {
  const { program } = job.world;
  if (program === undefined || job.flags["exclude-tool"]) return undefined;
  return { name: "skerry.mjs", version: VERSION, bytes: await readFile(program) };
}

/** Text of a file that a flag names, or of stdin for `-`. @throws UsageError */
export async function readInput(job: Pick<Job<unknown>, "world">, path: string): Promise<string> {
  if (path === "-") return await readTextInput(job, path);
  try {
    return await readFile(pathOf(job, path), "utf8");
  } catch (cause) {
    throw new UsageError(`cannot read ${path}`, { subject: path, cause, hint: "Check the path." });
  }
}
