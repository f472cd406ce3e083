import { type ChannelDiff, type DiffBundle, diffCatalogs, type PackageDiff } from "@skerry/catalog";
import { formatSize } from "../../args/size.ts";
import { diffImages, type ImagesDiff } from "../../catalogs/diff-images.ts";
import { openCatalogs } from "../../catalogs/open.ts";
import { headsOf } from "../../catalogs/package-summary.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { escapeLine } from "../../output/escape.ts";
import type { CatalogDiffFlags } from "./diff.ts";

/** A channel's difference with its heads, where they differ. */
type ShownChannel = ChannelDiff & { readonly head?: { readonly from: string | null; readonly to: string | null } };
type ShownPackage = Omit<PackageDiff, "channels"> & { readonly channels: readonly ShownChannel[] };

/** Prints what comes, goes and changes. */
export async function run(job: Job<CatalogDiffFlags>): Promise<number> {
  await using open = await openCatalogs(job, job.args, job.flags.sizes ? { sources: "any" } : {});
  const [before, after] = open.catalogs;
  if (before === undefined || after === undefined) return EXIT.failed;
  const [old, now] = [headsOf(before), headsOf(after)];
  const packages = diffCatalogs(before, after).map((one): ShownPackage => {
    const channels = one.channels.map((channel): ShownChannel => {
      const [from, to] = [old.get(one.package)?.get(channel.channel) ?? null, now.get(one.package)?.get(channel.channel) ?? null];
      return from === to ? channel : { ...channel, head: { from, to } };
    });
    return { ...one, channels };
  });
  const images = await diffImages(
    before,
    after,
    job.flags.sizes ? { places: (await open.network()).places, signal: job.signal } : undefined,
  );
  await job.out.result(
    { kind: "CatalogDiff", before: job.args[0], after: job.args[1], packages, images },
    { text: () => packages.map(packageText).join("") + imagesText(images), names: () => packages.map((one) => one.package) },
  );
  return packages.length > 0 && job.flags["exit-code"] ? EXIT.different : EXIT.done;
}

function imagesText({ added, removed, addedBytes, removedBytes }: ImagesDiff): string {
  if (added.length + removed.length === 0) return "";
  const size = (bytes: number | null | undefined): string =>
    bytes === undefined ? "" : bytes === null ? ", bytes unknown" : `, ${formatSize(bytes)}`;
  return `images: +${added.length}${size(addedBytes)}  -${removed.length}${size(removedBytes)}\n`;
}

const SIGNS = { added: "+", removed: "-", changed: "~" } as const;

function packageText(one: ShownPackage): string {
  const lines = [`${SIGNS[one.change]} ${one.package}`];
  if (one.defaultChannel !== undefined) lines.push(`    default channel ${one.defaultChannel.from} -> ${one.defaultChannel.to}`);
  for (const channel of one.channels) {
    const head = channel.head === undefined ? "" : `  head ${channel.head.from ?? "none"} -> ${channel.head.to ?? "none"}`;
    const counts = [
      `+${channel.addedEntries.length}`,
      `-${channel.removedEntries.length}`,
      `~${channel.changedEntries.length} entries`,
    ].join(" ");
    lines.push(`  ${SIGNS[channel.change]} ${channel.channel}${head}  ${counts}`);
  }
  const bundle = (sign: string, { bundle: name, version }: DiffBundle): string => `    ${sign} ${name}  ${version}`;
  lines.push(...one.addedBundles.map((added) => bundle("+", added)), ...one.removedBundles.map((removed) => bundle("-", removed)));
  for (const { from, to } of one.changedBundles) lines.push(`${bundle("~", to)}  ${from.image} -> ${to.image}`);
  return lines.map((line) => `${escapeLine(line)}\n`).join("");
}
