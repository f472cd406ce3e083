import { UsageError } from "../../args/errors.ts";
import { type Job, pathOf } from "../../command/job.ts";

/** True for `file://DIR`. */
export function isArchivePlace(text: string | undefined): text is string {
  return text?.startsWith("file://") === true;
}

/**
 * Folder of an ARCHIVE: `file://DIR`, or a plain path where only an archive can be meant.
 * @throws UsageError when nothing is named
 */
export function archiveDir(job: Pick<Job<unknown>, "world">, text: string): string {
  const path = text.replace(/^file:\/\//, "");
  if (path !== "") return pathOf(job, path);
  throw new UsageError(`cannot use archive ${JSON.stringify(text)}: it names no folder`, {
    subject: text,
    hint: "Write it as file://DIR.",
  });
}
