import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { planArchive, spaceAt } from "@skerry/oci";
import { MirrorError } from "../errors.ts";
import { lockPieces } from "../lock/format.ts";
import type { ImageSetLock } from "../lock/types.ts";
import type { PlanEstimate } from "../plan/document.ts";

/** Rows of journal, lists, plan and resources about one image, and a good deal of room besides. */
const BYTES_PER_IMAGE = 8 * 1024;

/**
 * Refuses to begin what the file system of a folder has no room for. The folder need not be there yet.
 * @param what as in `write the archive to /media/disk`
 * @throws MirrorError `SPACE_SHORT` naming the mount point
 */
export async function checkRoom(dir: string, neededBytes: number, what: string): Promise<void> {
  const { where, freeBytes } = await roomAt(dir);
  if (freeBytes >= neededBytes) return;
  throw new MirrorError({
    code: "SPACE_SHORT",
    message: `Cannot ${what}: ${where} has ${freeBytes} bytes free, ${neededBytes} are needed`,
    subject: where,
    hint: "Make room, name a folder on another disk, or leave something out of the image set.",
  });
}

/** Bytes that an import writes on this side: journal, lists, resources. Its content goes to the target. */
export function importRoom(lock: ImageSetLock): number {
  let lockBytes = 0;
  for (const piece of lockPieces(lock)) lockBytes += piece.length;
  return 2 * lockBytes + BYTES_PER_IMAGE * lock.images.length;
}

/** What an archive of a lock would take, and what there is: for a plan, which reserves nothing. */
export async function archiveRoom(
  lock: ImageSetLock,
  archive: { readonly dir: string; readonly volumeBytes: number },
): Promise<{ readonly space: PlanEstimate["space"]; readonly volumes: number }> {
  const { bytes, cutter } = planArchive(
    lock.blobs.map(({ digest, bytes: size }) => ({ digest, size })),
    archive.volumeBytes,
  );
  const { where, freeBytes } = await roomAt(archive.dir);
  return { space: [{ where, neededBytes: bytes + importRoom(lock), freeBytes }], volumes: cutter.starts.length };
}

async function roomAt(dir: string): ReturnType<typeof spaceAt> {
  let path = resolve(dir);
  while ((await stat(path).catch(() => undefined)) === undefined && dirname(path) !== path) path = dirname(path);
  return await spaceAt(path);
}
