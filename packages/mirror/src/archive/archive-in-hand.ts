import { isOciError, openDamagedVolumes, openVolumes, type VolumeReader } from "@skerry/oci";
import { isMirrorError } from "../errors.ts";
import { parseLock } from "../lock/parse.ts";
import type { ImageSetLock } from "../lock/types.ts";
import { LOCK_ENTRY } from "./archive-files.ts";

/** An archive as it came out of somebody's hands: its contents can be read, its lock perhaps not. */
export interface ArchiveInHand {
  readonly reader: VolumeReader;
  /** Missing where the volume that holds it is lost or damaged. */
  readonly lock: ImageSetLock | undefined;
  /** Why the lock or the names of images could not be read. */
  readonly fault?: unknown;
}

/**
 * Opens an archive whatever state its volumes are in.
 * @throws OciError `NOT_FOUND`, `ARCHIVE_INVALID` for the contents file
 */
export async function takeArchive(dir: string): Promise<ArchiveInHand> {
  try {
    const reader = await openVolumes(dir);
    return { reader, lock: parseLock(new TextDecoder().decode(await reader.file(LOCK_ENTRY)), `${dir}, ${LOCK_ENTRY}`) };
  } catch (fault) {
    if (!isOciError(fault) && !isMirrorError(fault)) throw fault;
    return { reader: await openDamagedVolumes(dir), lock: undefined, fault };
  }
}
