import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type ArchiveVolume, isOciError, type Lister, type Reader } from "@skerry/oci";
import { MirrorError } from "../errors.ts";
import { fetchLock, lockRepository } from "../lock/at-target.ts";
import type { ImageSetLock } from "../lock/types.ts";
import type { MirrorTarget } from "../run/mirror-lock.ts";
import type { SourceOf } from "../run/roots.ts";
import { readTextFile, writeTextFile } from "../workspace/files.ts";
import { type Workspace, writeWorkspaceFile } from "../workspace/workspace.ts";
import { findGap, formatRequest, type GapOptions, refuseGap, requestDocument } from "./gap.ts";
import type { OpenArchive } from "./import-source.ts";
import { checkSignature } from "./signature.ts";
import { refuseDamage, verifyArchive } from "./verify-archive.ts";

export interface ImportCheck {
  readonly archive: OpenArchive;
  /** What is to be imported: the archive's lock, or a part of it. */
  readonly lock: ImageSetLock;
  readonly target: MirrorTarget;
  readonly workspace: Workspace;
  /** As the user wrote it. */
  readonly text: string;
  readonly trustKeys: readonly { readonly pem: string; readonly path: string }[];
  readonly allowOlder: boolean;
  readonly gap: GapOptions;
}

/**
 * Everything that is checked before the first push: signature, volumes, age, gap. Returns where the content comes from.
 * @throws MirrorError `SIGNATURE_INVALID`, `ARCHIVE_INVALID`, `TARGET_UNSAFE` for an archive older than what the target has,
 * `GAP` after writing `request.json` into the workspace
 */
export async function checkImport(check: ImportCheck): Promise<SourceOf> {
  const { archive, lock, target, workspace } = check;
  const { reader } = archive;
  await checkSignature(reader.dir, reader.contentsBytes, check.trustKeys);
  const seen = new SeenVolumes(join(workspace.journalDir, "volumes.json"));
  const found = await verifyArchive(archive, check.text, {
    level: "volumes",
    isKnown: (volume, path) => seen.has(volume, path),
    onRight: (volume, path) => seen.add(volume, path),
    signal: check.gap.signal,
  });
  refuseDamage(found);
  if (!check.allowOlder) await refuseOlder(archive.lock, target, check.gap.signal);
  const { source, gap } = await findGap(lock, reader, { target, options: check.gap });
  if (gap.length > 0) {
    const path = await writeWorkspaceFile(workspace, "request.json", formatRequest(requestDocument(reader, gap)));
    refuseGap(gap, path);
  }
  return source;
}

/** An archive made from an older lock than the one that the target accepted last would take catalogs back. */
async function refuseOlder(lock: ImageSetLock, target: MirrorTarget, signal: AbortSignal | undefined): Promise<void> {
  const store: Reader & Partial<Lister> = target.store;
  const repository = lockRepository(target.prefix, target.maxNestedPaths);
  let last: ImageSetLock;
  try {
    last = await fetchLock(store, { repository, name: lock.imageSet.name, signal });
  } catch (error) {
    if ((error instanceof MirrorError && error.code === "LOCK_NOT_FOUND") || (isOciError(error) && error.code === "NOT_FOUND")) return;
    throw error;
  }
  if (Date.parse(lock.createdAt) >= Date.parse(last.createdAt)) return;
  throw new MirrorError({
    code: "TARGET_UNSAFE",
    message: `Cannot import: the archive is of ${lock.createdAt}, and ${target.text} has accepted one of ${last.createdAt}`,
    subject: target.text,
    hint: "Import the newer archive, or go back on purpose with --allow-older.",
  });
}

/** Volumes that an earlier run of this workspace hashed: a resumed import does not read them twice. */
class SeenVolumes {
  readonly #path: string;
  #known: Map<string, string> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async has(volume: ArchiveVolume, path: string): Promise<boolean> {
    return (await this.#read()).get(path) === (await stamp(volume, path));
  }

  async add(volume: ArchiveVolume, path: string): Promise<void> {
    const known = await this.#read();
    known.set(path, await stamp(volume, path));
    await writeTextFile(this.#path, `${JSON.stringify(Object.fromEntries(known))}\n`);
  }

  async #read(): Promise<Map<string, string>> {
    this.#known ??= parsed(await readTextFile(this.#path));
    return this.#known;
  }
}

async function stamp(volume: ArchiveVolume, path: string): Promise<string> {
  const { size, mtimeMs, ctimeMs, ino } = await stat(path);
  return `${volume.sha256 ?? ""} ${size} ${mtimeMs} ${ctimeMs} ${ino}`;
}

function parsed(text: string | undefined): Map<string, string> {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
    return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  } catch {
    return new Map();
  }
}
