import { openRegistryCare } from "@skerry/registry";
import { formatSize } from "../../args/size.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import type { GcFlags } from "./gc.ts";

/** Prints the RegistryCollection document. */
export async function run(job: Job<GcFlags>): Promise<number> {
  await using care = await openRegistryCare(pathOf(job, job.flags.root));
  const report = await care.collect({ dryRun: job.flags["dry-run"], graceMs: job.flags.grace, signal: job.signal });
  await job.out.result(
    { kind: "RegistryCollection", ...report },
    {
      text: () =>
        `${report.dryRun ? "Would free" : "Freed"} ${formatSize(report.freedBytes)}: ${report.blobs} blobs, ${report.links} of repositories; ${report.uploads} abandoned uploads, ${report.waiting} wait\n`,
      names: () => [],
    },
  );
  return EXIT.done;
}
