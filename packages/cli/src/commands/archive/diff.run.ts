import { diffLocks, isSame, openArchiveSource } from "@skerry/mirror";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { diffText } from "../mirror/diff.run.ts";
import { archiveDir } from "./archive-place.ts";
import type { DiffArchiveFlags } from "./diff.ts";

/** Compares the locks of two archives. */
export async function run(job: Job<DiffArchiveFlags>): Promise<number> {
  const [before, after] = await Promise.all(job.args.map((text) => openArchiveSource(archiveDir(job, text))));
  if (before === undefined || after === undefined) return EXIT.usage;
  const difference = diffLocks(before.lock, after.lock);
  await job.out.result(
    { kind: "ArchiveDifference", before: before.reader.contents.name, after: after.reader.contents.name, ...difference },
    {
      text: () => (isSame(difference) ? "The two archives hold the same\n" : diffText(difference)),
      names: () => [...difference.added, ...difference.removed],
    },
  );
  return job.flags["exit-code"] && !isSame(difference) ? EXIT.different : EXIT.done;
}
