import { parseReference, type VolumeReader } from "@skerry/oci";
import type { ImageSetLock } from "../lock/types.ts";
import type { SourceOf } from "../run/roots.ts";
import { takeArchive } from "./archive-in-hand.ts";
import { refuseDamage, verifyArchive } from "./verify-archive.ts";

/** An archive with the lock that it was made from. */
export interface OpenArchive {
  readonly reader: VolumeReader;
  readonly lock: ImageSetLock;
  /** Everything of the lock comes from the archive; no other place is asked. */
  readonly source: SourceOf;
}

/**
 * Opens an archive with its lock. Where the lock cannot be read the volumes are looked at, and what is wrong with them is
 * thrown.
 * @throws OciError `NOT_FOUND`, `ARCHIVE_INVALID`; MirrorError `ARCHIVE_INVALID` with a line for each fault, `LOCK_INVALID`
 */
export async function openArchiveSource(dir: string): Promise<OpenArchive> {
  const archive = await takeArchive(dir);
  const { reader, lock, fault } = archive;
  if (lock === undefined) {
    refuseDamage(await verifyArchive(archive, dir, { level: "volumes" }));
    throw fault;
  }
  return { reader, lock, source: ({ origin }) => ({ reader, place: { repository: repositoryOf(origin) } }) };
}

function repositoryOf(origin: string): string {
  if (origin.startsWith("oci:")) return "";
  const { registry, repository } = parseReference(origin);
  return `${registry}/${repository}`;
}
