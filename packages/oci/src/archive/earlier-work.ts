import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Digest } from "../model/digest.ts";
import { digestAlgorithm } from "../model/digest.ts";
import { errnoOf } from "../store/disk/errors.ts";
import { type ArchivePlan, bodyOf, endOf, type PlacedEntry } from "./archive-plan.ts";
import { type ArchiveContents, CONTENTS_FILE } from "./contents.ts";
import { volumeOf } from "./cutter.ts";
import { parseContents } from "./parse-contents.ts";
import type { FinishedVolume } from "./volume-digests.ts";
import type { VolumeFiles } from "./volume-files.ts";
import type { WrittenSoFar } from "./writing-journal.ts";

/** The contents of the archive that lies in a folder; undefined when there is none, or none that can be read. */
export async function earlierContents(dir: string): Promise<ArchiveContents | undefined> {
  try {
    return parseContents(await readFile(join(dir, CONTENTS_FILE), "utf8"), join(dir, CONTENTS_FILE));
  } catch {
    return undefined;
  }
}

/** What a whole archive of the same plan says that is there: the volumes before its last files stay, unless they have holes. */
export function writtenBy(contents: ArchiveContents, plan: ArchivePlan): WrittenSoFar {
  const there = new Set(contents.blobs.map(({ digest }) => digest));
  const { starts, position } = plan.cutter;
  const last = volumeOf(starts, position);
  const changing = new Set<number>();
  for (const entry of plan.entries) {
    if (entry.digest === undefined || there.has(entry.digest)) continue;
    for (let index = volumeOf(starts, entry.start); index <= volumeOf(starts, endOf(entry) - 1); index++) changing.add(index);
  }
  const volumes = new Map<number, FinishedVolume>();
  for (const [index, volume] of contents.volumes.entries()) {
    const { name, bytes, sha256 } = volume;
    if (index < last && !changing.has(index) && bytes !== undefined && sha256 !== undefined) volumes.set(index, { name, bytes, sha256 });
  }
  return { done: [...there], volumes };
}

/**
 * What of an earlier run can be kept: volumes that were finished as they are, and in the others every blob that is read
 * again and is right. Only open volumes are read.
 * @param how `givesUpAhead` removes the open volumes but the first, once finished ones were carried away
 */
export async function keepEarlierWork(
  plan: ArchivePlan,
  earlier: WrittenSoFar,
  how: { readonly files: VolumeFiles; readonly givesUpAhead?: boolean | undefined; readonly signal?: AbortSignal | undefined },
): Promise<{ readonly done: ReadonlySet<Digest>; readonly finished: Map<number, FinishedVolume> }> {
  const { starts } = plan.cutter;
  const finished = new Map<number, FinishedVolume>();
  for (const [index, volume] of earlier.volumes) {
    const bytes = (starts[index + 1] ?? Number.NaN) - (starts[index] ?? 0);
    const size = await how.files.size(index);
    // A finished volume may have been carried away.
    if (volume.bytes === bytes && volume.name === how.files.name(index) && (size === undefined || size === bytes)) {
      finished.set(index, volume);
    }
  }
  if (how.givesUpAhead === true) await removeAhead(how.files, starts, finished);
  const claimed = new Set(earlier.done);
  const done = new Set<Digest>();
  for (const entry of plan.entries) {
    if (entry.digest === undefined || !claimed.has(entry.digest)) continue;
    how.signal?.throwIfAborted();
    if (isInside(entry, starts, finished) || (await isRight(entry, entry.digest, how.files))) done.add(entry.digest);
  }
  return { done, finished };
}

/**
 * Only the first open volume stays: the room that the others take is what its missing blobs lack. Where finished volumes still
 * lie, carrying them away makes room without fetching anything again.
 */
async function removeAhead(files: VolumeFiles, starts: readonly number[], finished: ReadonlyMap<number, unknown>): Promise<void> {
  for (const index of finished.keys()) if ((await files.size(index)) !== undefined) return;
  let isFirst = true;
  for (const index of starts.keys()) {
    if (finished.has(index)) continue;
    if (!isFirst) await files.remove(index);
    isFirst = false;
  }
}

function isInside(entry: PlacedEntry, starts: readonly number[], finished: ReadonlyMap<number, unknown>): boolean {
  for (let index = volumeOf(starts, entry.start); index <= volumeOf(starts, endOf(entry) - 1); index++) {
    if (!finished.has(index)) return false;
  }
  return true;
}

async function isRight(entry: PlacedEntry, digest: Digest, files: VolumeFiles): Promise<boolean> {
  const algorithm = digestAlgorithm(digest);
  const hash = createHash(algorithm);
  let position = bodyOf(entry);
  const end = position + entry.size;
  try {
    while (position < end) {
      const chunk = await files.read(position, Math.min(1024 * 1024, end - position));
      if (chunk.byteLength === 0) return false;
      hash.update(chunk);
      position += chunk.byteLength;
    }
  } catch (error) {
    if (errnoOf(error) === undefined && !(error instanceof Error && "code" in error)) throw error;
    return false;
  }
  return `${algorithm}:${hash.digest("hex")}` === digest;
}
