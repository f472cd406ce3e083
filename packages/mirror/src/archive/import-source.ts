import { openVolumes, parseReference, type VolumeReader } from "@skerry/oci";
import { parseLock } from "../lock/parse.ts";
import type { ImageSetLock } from "../lock/types.ts";
import type { SourceOf } from "../run/roots.ts";
import { LOCK_ENTRY } from "./archive-files.ts";

/** An archive with the lock that it was made from. */
export interface OpenArchive {
  readonly reader: VolumeReader;
  readonly lock: ImageSetLock;
  /** Everything of the lock comes from the archive; no other place is asked. */
  readonly source: SourceOf;
}

/**
 * Opens an archive with its lock.
 * @throws OciError `NOT_FOUND`, `ARCHIVE_INVALID`; MirrorError `LOCK_INVALID`
 */
export async function openArchiveSource(dir: string): Promise<OpenArchive> {
  const reader = await openVolumes(dir);
  const lock = parseLock(new TextDecoder().decode(await reader.file(LOCK_ENTRY)), `${dir}, ${LOCK_ENTRY}`);
  return { reader, lock, source: ({ origin }) => ({ reader, place: { repository: repositoryOf(origin) } }) };
}

function repositoryOf(origin: string): string {
  if (origin.startsWith("oci:")) return "";
  const { registry, repository } = parseReference(origin);
  return `${registry}/${repository}`;
}
