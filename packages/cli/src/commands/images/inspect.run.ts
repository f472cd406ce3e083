import { UsageError } from "../../args/errors.ts";
import type { Job } from "../../command/job.ts";
import { inspectImage, type ReadImage, readImage } from "../../inspect/read-image.ts";
import { inspectText, referrersText } from "../../inspect/text.ts";
import { parseImageName } from "../../names/image-name.ts";
import { EXIT } from "../../output/error.ts";
import { hostsOf, Places } from "../../places/places.ts";
import { readSmallBlob } from "../../places/small-blob.ts";
import { openRegistries } from "../../registries/open.ts";
import type { InspectFlags } from "./inspect.ts";

/** Prints a summary, or the part that a flag names. */
export async function run(job: Job<InspectFlags>): Promise<number> {
  const { raw, config, platforms, referrers } = job.flags;
  if ([raw, config, platforms, referrers].filter(Boolean).length > 1) {
    throw new UsageError("only one of --raw, --config, --platforms and --referrers can be shown");
  }
  const name = parseImageName(job.args[0] ?? "");
  const hosts = hostsOf([name]);
  await using registries = await openRegistries(job, { sources: hosts, destinations: hosts });
  await using places = new Places(job, registries);
  const image = await readImage(await places.find(name), { signal: job.signal, wantsChild: !raw && !platforms && !referrers });
  if (raw) return printed(job.out.bytes(image.content.bytes));
  if (config) return printed(job.out.bytes(await configBytes(image, job)));
  const summary = await inspectImage(image, { name: name.text, signal: job.signal });
  await job.out.result(summary, {
    text: () =>
      platforms ? summary.platforms.map((platform) => `${platform}\n`).join("") : referrers ? referrersText(summary) : inspectText(summary),
    names: () => (platforms ? summary.platforms : referrers ? summary.referrers.map((referrer) => referrer.digest) : [summary.digest]),
  });
  return EXIT.done;
}

async function configBytes(image: ReadImage, job: Job<InspectFlags>): Promise<Uint8Array> {
  const manifest = image.chosen?.manifest;
  if (manifest?.config === undefined) throw new UsageError("the image has no configuration", { subject: image.found.descriptor.digest });
  return readSmallBlob(image.found, manifest.config, job.signal);
}

async function printed(done: Promise<void>): Promise<number> {
  await done;
  return EXIT.done;
}
