import { OciError } from "@skerry/oci";
import type { Job } from "../../command/job.ts";
import type { RegistryFlags } from "../../command/registry-flags.ts";
import { parseRepositoryName } from "../../names/image-name.ts";
import { EXIT } from "../../output/error.ts";
import { openRegistries } from "../../registries/open.ts";

/** Prints all tags, sorted. */
export async function run(job: Job<RegistryFlags>): Promise<number> {
  const { registry, repository } = parseRepositoryName(job.args[0] ?? "");
  await using registries = await openRegistries(job, { sources: [registry], destinations: [registry] });
  const found = new Set<string>();
  for await (const tag of registries.reader(registry).tags({ repository }, { signal: job.signal })) found.add(tag);
  // Registries answer a missing repository and an empty one in the same way, or in ways that differ: both are a fault here.
  if (found.size === 0) throw noTags(`${registry}/${repository}`, registry);
  const list = [...found].sort();
  await job.out.result(
    { kind: "TagList", repository: `${registry}/${repository}`, tags: list },
    { text: () => list.map((tag) => `${tag}\n`).join(""), names: () => list },
  );
  return EXIT.done;
}

function noTags(name: string, host: string): OciError {
  return new OciError({
    code: "NOT_FOUND",
    message: `Cannot list the tags of ${name}: there is no such repository, or nothing in it has a tag`,
    subject: name,
    host,
    hint: `List the repositories: skerry repos ${host}`,
  });
}
