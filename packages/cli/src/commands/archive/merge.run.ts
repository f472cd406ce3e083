import { mergeArchives, openArchiveSource } from "@skerry/mirror";
import type { Job } from "../../command/job.ts";
import { archiveDir } from "./archive-place.ts";
import type { RearrangeFlags } from "./merge.ts";
import { newFolder, showArchive } from "./rearranged.ts";

/** Merges archives. */
export async function run(job: Job<RearrangeFlags>): Promise<number> {
  const archives = await Promise.all(job.args.map((text) => openArchiveSource(archiveDir(job, text))));
  const dir = newFolder(job, archives);
  return await showArchive(job, dir, await mergeArchives(archives, dir, { volumeBytes: job.flags["volume-size"], signal: job.signal }));
}
