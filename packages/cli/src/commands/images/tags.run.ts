import type { Job } from "../../command/job.ts";
import type { RegistryFlags } from "../../command/registry-flags.ts";
import { parseRepositoryName } from "../../names/image-name.ts";
import { EXIT } from "../../output/error.ts";
import { noTags } from "../../places/places.ts";
import { openRegistries } from "../../registries/open.ts";

/** Prints all tags, sorted. */
export async function run(job: Job<RegistryFlags>): Promise<number> {
  const { registry, repository } = parseRepositoryName(job.args[0] ?? "");
  await using registries = await openRegistries(job, { sources: [registry], destinations: [registry] });
  const found = new Set<string>();
  for await (const tag of registries.reader(registry).tags({ repository }, { signal: job.signal })) found.add(tag);
  if (found.size === 0) throw noTags(`${registry}/${repository}`, registry);
  const list = [...found].sort();
  await job.out.result(
    { kind: "TagList", repository: `${registry}/${repository}`, tags: list },
    { text: () => list.map((tag) => `${tag}\n`).join(""), names: () => list },
  );
  return EXIT.done;
}
