import { openRegistryCare } from "@skerry/registry";
import { formatSize } from "../../args/size.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { formatFields } from "../../output/table.ts";
import type { RootFlags } from "./root-flag.ts";

/** Prints the RegistryStatus document. */
export async function run(job: Job<RootFlags>): Promise<number> {
  await using care = await openRegistryCare(pathOf(job, job.flags.root));
  const report = await care.status();
  const { lastScrub, lastCollection } = report;
  await job.out.result(
    { kind: "RegistryStatus", serving: care.served, ...report },
    {
      text: () =>
        formatFields([
          ["Root", report.root],
          ["Serving", care.served ? "yes" : "no"],
          ["Repositories", String(report.repositories)],
          ["Tags", String(report.tags)],
          ["Manifests", String(report.manifests)],
          ["Blobs", String(report.blobs)],
          ["Unique", formatSize(report.uniqueBytes)],
          ["Shared", formatSize(report.sharedBytes)],
          ["Free", formatSize(report.freeBytes)],
          ["Uploads", String(report.uploads)],
          ["Quarantined", String(report.quarantinedBlobs)],
          ["Last scrub", lastScrub === undefined ? "never" : `${lastScrub.endedAt}, ${lastScrub.damaged.length} damaged`],
          [
            "Last collection",
            lastCollection === undefined ? "never" : `${lastCollection.endedAt}, ${formatSize(lastCollection.freedBytes)} freed`,
          ],
          ["Certificate until", report.certificateEndsAt],
        ]),
      names: () => [report.root],
    },
  );
  return EXIT.done;
}
