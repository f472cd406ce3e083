import { certDirs, loadCredentials, proxiesFromEnvironment, Registries } from "@skerry/oci";
import { openRegistryCare } from "@skerry/registry";
import { formatSize } from "../../args/size.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { formatFields } from "../../output/table.ts";
import type { RootFlags } from "./root-flag.ts";

/** Prints the RegistryStatus document. */
export async function run(job: Job<RootFlags>): Promise<number> {
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

async function fromAfar(job: Job<RootFlags>, { scheme, host }: { scheme: string; host: string }): Promise<number> {
  const { env, home } = job.world;
  await using registries = new Registries({
    credentials: loadCredentials({ env, home }),
    certDirs: certDirs({ env, home }),
    proxies: proxiesFromEnvironment(env),
    insecureHosts: scheme === "http" ? [host] : [],
  });
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
