import { type ImageGraph, type OciError, walkImage } from "@skerry/oci";
import { formatSize } from "../../args/size.ts";
import type { Job } from "../../command/job.ts";
import { inOrder } from "../../copy/in-order.ts";
import { platformsOf } from "../../copy/platforms.ts";
import { parseImageName } from "../../names/image-name.ts";
import { describeError, EXIT } from "../../output/error.ts";
import { formatTable } from "../../output/table.ts";
import { hostsOf, imageFault, Places } from "../../places/places.ts";
import { openRegistries } from "../../registries/open.ts";
import type { DuFlags } from "./du.ts";

/** Bytes of one image among others. */
interface Usage {
  readonly name: string;
  readonly digest: string;
  readonly totalBytes: number;
  readonly uniqueBytes: number;
  readonly sharedBytes: number;
}

interface Measured {
  readonly name: string;
  readonly digest: string;
  readonly contents: ReadonlyMap<string, number>;
}

interface Unmeasured {
  readonly name: string;
  readonly error: OciError;
}

/** Prints unique bytes together and per image. */
export async function run(job: Job<DuFlags>): Promise<number> {
  const names = job.args.map(parseImageName);
  const hosts = hostsOf(names);
  await using registries = await openRegistries(job, { sources: hosts, destinations: hosts });
  await using places = new Places(job, registries);
  const measured = await inOrder(names, async (name): Promise<Measured | Unmeasured> => {
    try {
      const found = await places.find(name);
      const graph = await walkImage(found.reader, found.at, found.descriptor, {
        platforms: platformsOf(job.flags),
        referrers: job.flags.referrers,
        externalLayers: job.flags["external-layers"],
        signal: job.signal,
      });
      return { name: name.text, contents: contentsOf(graph), digest: graph.root.digest };
    } catch (error) {
      if (names.length === 1) throw error;
      return { name: name.text, error: imageFault(error) };
    }
  });
  const graphs = measured.filter((one) => "contents" in one);
  const failed = measured.filter((one) => "error" in one);
  const images = usages(graphs);
  const uniqueBytes = sum(new Map(graphs.flatMap((graph) => [...graph.contents])));
  for (const { name, error } of failed) job.log.error(`${name}: ${error.message}`);
  await job.out.result(
    {
      kind: "DiskUsage",
      uniqueBytes,
      images: [...images, ...failed.map(({ name, error }) => ({ name, error: describeError(error) }))].sort((a, b) =>
        a.name < b.name ? -1 : 1,
      ),
    },
    { text: () => usageText(images, uniqueBytes), names: () => images.map((image) => image.name) },
  );
  return failed.length === 0 ? EXIT.done : failed.length === names.length ? EXIT.failed : EXIT.partial;
}

function contentsOf(graph: ImageGraph): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const manifest of graph.manifests) if (manifest.copied) sizes.set(manifest.descriptor.digest, manifest.descriptor.size);
  for (const [digest, blob] of graph.blobs) sizes.set(digest, blob.size);
  return sizes;
}

function usages(graphs: readonly Measured[]): readonly Usage[] {
  const holders = new Map<string, number>();
  for (const graph of graphs) for (const digest of graph.contents.keys()) holders.set(digest, (holders.get(digest) ?? 0) + 1);
  return graphs.map(({ name, contents, digest }) => {
    const totalBytes = sum(contents);
    const uniqueBytes = sum(new Map([...contents].filter(([content]) => holders.get(content) === 1)));
    return { name, digest, totalBytes, uniqueBytes, sharedBytes: totalBytes - uniqueBytes };
  });
}

function sum(sizes: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const size of sizes.values()) total += size;
  return total;
}

function usageText(images: readonly Usage[], uniqueBytes: number): string {
  const rows = images.map((image) => [image.name, ...[image.totalBytes, image.uniqueBytes, image.sharedBytes].map(formatSize)]);
  return formatTable(
    [{ title: "image" }, { title: "total", right: true }, { title: "unique", right: true }, { title: "shared", right: true }],
    [...rows, ["TOGETHER", formatSize(uniqueBytes), "", ""]],
  );
}
