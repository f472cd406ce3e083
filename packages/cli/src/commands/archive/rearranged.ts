import { archiveBytes, type OpenArchive } from "@skerry/mirror";
import type { ArchiveContents } from "@skerry/oci";
import { UsageError } from "../../args/errors.ts";
import { formatSize } from "../../args/size.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { escapeLine } from "../../output/escape.ts";
import { archiveDir } from "./archive-place.ts";
import type { RearrangeFlags } from "./merge.ts";
import { checkVolumeSize } from "./volume-size.ts";

/** The folder of `--to`, which is none of those that are read. @throws UsageError */
export function newFolder(job: Job<RearrangeFlags>, archives: readonly OpenArchive[]): string {
  const { to } = job.flags;
  checkVolumeSize(job.flags["volume-size"]);
  if (to === undefined) throw new UsageError("--to is missing: the folder of the new archive", { hint: "Name a folder with --to DIR." });
  const dir = archiveDir(job, to);
  if (archives.every(({ reader }) => reader.dir !== dir)) return dir;
  throw new UsageError(`--to ${to} is an archive that is read`, { subject: to, hint: "Name another folder." });
}

/** Shows a new archive. */
export async function showArchive(job: Job<unknown>, dir: string, contents: ArchiveContents): Promise<number> {
  const { apiVersion: _, ...document } = contents;
  const volumes = contents.volumes.length === 1 ? "1 volume" : `${contents.volumes.length} volumes`;
  await job.out.result(document, {
    text: () => `Wrote ${escapeLine(contents.name)} to ${escapeLine(dir)}: ${formatSize(archiveBytes(contents))} in ${volumes}\n`,
    names: () => contents.volumes.map(({ name }) => name),
  });
  return EXIT.done;
}
