import { openRegistryCare } from "@skerry/registry";
import { formatSize } from "../../args/size.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { formatFields } from "../../output/table.ts";
import { openRegistries } from "../../registries/open.ts";
import type { StatusFlags } from "./status.ts";

/** Prints the RegistryStatus document. */
export async function run(job: Job<StatusFlags>): Promise<number> {
  const url = /^(https?|docker):\/\/([^/]+)\/?$/.exec(job.flags.root);
  if (url !== null) return fromAfar(job, { scheme: url[1] ?? "", host: url[2] ?? "" });
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

async function fromAfar(job: Job<StatusFlags>, { scheme, host }: { scheme: string; host: string }): Promise<number> {
  const { flags } = job;
  const open = scheme === "http" ? { ...job, flags: { ...flags, insecure: true } } : job;
  await using registries = await openRegistries(open, { sources: [host], destinations: [host] });
  // Registries that let anybody list show an unknown visitor less, without a challenge.
  await registries.ping(host, job.signal);
  const reader = registries.reader(host);
  let [repositories, tags] = [0, 0];
  for await (const repository of reader.repositories({ signal: job.signal })) {
    repositories += 1;
    for await (const _tag of reader.tags({ repository }, { signal: job.signal })) tags += 1;
  }
  await job.out.result(
    {
      kind: "RegistryStatus",
      serving: true,
      root: job.flags.root,
      repositories,
      tags,
      uniqueBytes: null,
      sharedBytes: null,
      freeBytes: null,
    },
    {
      text: () =>
        formatFields([
          ["Host", host],
          ["Repositories", String(repositories)],
          ["Tags", String(tags)],
        ]),
      names: () => [host],
    },
  );
  return EXIT.done;
}
