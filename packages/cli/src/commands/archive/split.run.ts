import { openArchiveSource, splitArchive } from "@skerry/mirror";
import type { Job } from "../../command/job.ts";
import { archiveDir } from "./archive-place.ts";
import type { RearrangeFlags } from "./merge.ts";
import { newFolder, showArchive } from "./rearranged.ts";

/** Writes an archive into other volumes. */
export async function run(job: Job<RearrangeFlags>): Promise<number> {
  const archive = await openArchiveSource(archiveDir(job, job.args[0] ?? ""));
  const dir = newFolder(job, [archive]);
  return await showArchive(job, dir, await splitArchive(archive, dir, { volumeBytes: job.flags["volume-size"], signal: job.signal }));
}
