import type { Job } from "../../command/job.ts";
import type { RegistryFlags } from "../../command/registry-flags.ts";
import { parseImageName } from "../../names/image-name.ts";
import { EXIT } from "../../output/error.ts";
import { hostsOf, Places } from "../../places/places.ts";
import { openRegistries } from "../../registries/open.ts";

/** Prints one digest. */
export async function run(job: Job<RegistryFlags>): Promise<number> {
  const name = parseImageName(job.args[0] ?? "");
  const hosts = hostsOf([name]);
  await using registries = await openRegistries(job, { sources: hosts, destinations: hosts });
  await using places = new Places(job, registries);
  const { descriptor } = await places.find(name);
  await job.out.result(
    { kind: "Inspect", name: name.text, digest: descriptor.digest, mediaType: descriptor.mediaType, sizeBytes: descriptor.size },
    { text: () => `${descriptor.digest}\n`, names: () => [descriptor.digest] },
  );
  return EXIT.done;
}
