import { diffLocks, isSame, openArchiveSource } from "@skerry/mirror";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { escapeLine } from "../../output/escape.ts";
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
      text: () =>
        isSame(difference)
          ? "The two archives hold the same\n"
          : Object.entries(difference)
              .flatMap(([key, value]: [string, unknown]) =>
                Array.isArray(value) ? value.map((item) => `${key} ${shown(item)}`) : [`${key} ${String(value)}`],
              )
              .map((line) => `${escapeLine(line)}\n`)
              .join(""),
      names: () => [],
    },
  );
  return job.flags["exit-code"] && !isSame(difference) ? EXIT.different : EXIT.done;
}

function shown(item: unknown): string {
  return typeof item === "string" ? item : JSON.stringify(item);
}
