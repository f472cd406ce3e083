import { existsSync } from "node:fs";
import { join } from "node:path";
import { type LockedImage, openArchiveSource } from "@skerry/mirror";
import { type Content, openArchiveContent, openLayoutContent, type ServedImage } from "@skerry/registry";
import { type Job, pathOf } from "../../command/job.ts";
import { archiveDir } from "../archive/archive-place.ts";

/**
 * Opens what `--from` names, to be served as it lies there: `oci:DIR`, an OCI layout; `file://DIR` or a path, an archive, or a
 * layout when the folder is one.
 * @throws RegistryError `ROOT_INVALID`; OciError `NOT_FOUND`, `ARCHIVE_INVALID`; UsageError
 */
export async function openContent(job: Pick<Job<unknown>, "world" | "log">, from: string): Promise<Content> {
  const layout = /^oci:(.+)$/.exec(from)?.[1];
  if (layout !== undefined) return openLayoutContent(pathOf(job, layout));
  const dir = archiveDir(job, from);
  if (existsSync(join(dir, "oci-layout"))) return openLayoutContent(dir);
  return openArchive(job, dir);
}

/** The repositories and tags are those that an import into an empty registry would make. */
async function openArchive(job: Pick<Job<unknown>, "log">, dir: string): Promise<Content> {
  const { reader, lock } = await openArchiveSource(dir);
  const images = lock.images.flatMap(servedAs);
  const lacking = lock.images.filter(({ digest }) => !reader.holds(digest)).length;
  const { relies } = reader.contents;
  if (lacking > 0) job.log.warn(`${lacking} of ${lock.images.length} images are not in the archive and are not served.`);
  if (relies.length > 0) {
    job.log.warn(`The archive builds on ${relies.length} blobs that it does not hold: images that need them cannot be pulled whole.`);
  }
  return openArchiveContent(reader, images);
}

/** An image, and what refers to it: signatures that have a tag are found by it alone. */
function servedAs({ destination, digest, mediaType, referrers }: LockedImage): ServedImage[] {
  const { repository, tag } = destination;
  return [{ repository, tag, digest, mediaType }, ...referrers.map((one) => ({ repository, tag: one.tag, digest: one.digest }))];
}
