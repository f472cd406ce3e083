import { openRegistryCare } from "@skerry/registry";
import { formatSize } from "../../args/size.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { formatTable } from "../../output/table.ts";
import { repairSources, repairSourceText } from "./repair-sources.ts";
import type { ScrubFlags } from "./scrub.ts";

/** Prints the RegistryScrub document; exit 5 when damage was found. */
export async function run(job: Job<ScrubFlags>): Promise<number> {
  const { rate, "repair-from": source } = job.flags;
  await using care = await openRegistryCare(pathOf(job, job.flags.root), { sources: repairSources(job) });
  const repairFrom = source === undefined ? undefined : repairSourceText(job, source);
  const report = await care.scrub({
    ...(rate === undefined ? {} : { rate }),
    ...(repairFrom === undefined ? {} : { repairFrom }),
    signal: job.signal,
  });
  const { damaged } = report;
  await job.out.result(
    { kind: "RegistryScrub", ...report },
    {
      text: () =>
        `${
          damaged.length === 0
            ? ""
            : formatTable(
                [{ title: "digest" }, { title: "outcome" }, { title: "repositories" }],
                damaged.map((blob) => [blob.digest, blob.outcome, blob.repositories.join(" ")]),
              )
        }Checked ${report.checkedBlobs} blobs, ${formatSize(report.checkedBytes)}: ${damaged.length} damaged\n`,
      names: () => damaged.map((blob) => blob.digest),
    },
  );
  return damaged.length === 0 ? EXIT.done : EXIT.wrong;
}
