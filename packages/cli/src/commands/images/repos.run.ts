import type { Job } from "../../command/job.ts";
import type { RegistryFlags } from "../../command/registry-flags.ts";
import { parseHost } from "../../names/image-name.ts";
import { EXIT } from "../../output/error.ts";
import { openRegistries } from "../../registries/open.ts";

/** Prints all repositories, sorted. */
export async function run(job: Job<RegistryFlags>): Promise<number> {
  const host = parseHost(job.args[0] ?? "");
  await using registries = await openRegistries(job, { sources: [host], destinations: [host] });
  // Registries that let anybody list show an unknown visitor less, without a challenge: introduce ourselves first.
  await registries.ping(host, job.signal);
  const found = new Set<string>();
  for await (const repository of registries.writer(host).repositories({ signal: job.signal })) found.add(repository);
  const list = [...found].sort();
  await job.out.result(
    { kind: "RepositoryList", host, repositories: list },
    { text: () => list.map((name) => `${name}\n`).join(""), names: () => list.map((name) => `${host}/${name}`) },
  );
  return EXIT.done;
}
