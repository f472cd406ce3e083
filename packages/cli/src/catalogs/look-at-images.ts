import { type ImageGraph, isOciError, type OciError, walkImage } from "@skerry/oci";
import { platformsIn, platformsOfConfig } from "../inspect/read-image.ts";
import { parseImageName } from "../names/image-name.ts";
import { type FoundImage, imageFault, type Places } from "../places/places.ts";

/** What a registry says about an image. */
export interface ImageLook {
  readonly digest: string;
  /** `linux/amd64`, sorted; empty for an image that names none. */
  readonly platforms: readonly string[];
  /** Size of everything it holds, by digest. */
  readonly contents: ReadonlyMap<string, number>;
  readonly totalBytes: number;
}

/** Images that are looked at side by side. */
const SIDE_BY_SIDE = 16;

/**
 * Asks the registries for images: their manifests, no layers. An image that cannot be had is its error, and the others go
 * on. Answers by reference as it was written.
 */
export async function lookAtImages(
  images: readonly string[],
  how: { readonly places: Places; readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, ImageLook | OciError>> {
  const looks = new Map<string, ImageLook | OciError>();
  const waiting = [...new Set(images)].sort().values();
  const worker = async (): Promise<void> => {
    for (const image of waiting) {
      how.signal.throwIfAborted();
      looks.set(image, await lookAt(image, how));
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  return looks;
}

async function lookAt(image: string, how: Parameters<typeof lookAtImages>[1]): Promise<ImageLook | OciError> {
  try {
    const found = await how.places.find(parseImageName(`docker://${image}`));
    const graph = await walkImage(found.reader, found.at, found.descriptor, { referrers: "none", signal: how.signal });
    const contents = new Map<string, number>();
    for (const { descriptor: own } of graph.manifests) contents.set(own.digest, own.size);
    for (const [digest, blob] of graph.blobs) contents.set(digest, blob.size);
    return {
      digest: graph.root.digest,
      platforms: await platformsOf(graph, found, how.signal),
      contents,
      totalBytes: sumOf(contents.values()),
    };
  } catch (error) {
    how.signal.throwIfAborted();
    return imageFault(error);
  }
}

async function platformsOf(graph: ImageGraph, found: FoundImage, signal: AbortSignal): Promise<readonly string[]> {
  const manifest = graph.manifests.find((one) => one.role === "root")?.manifest;
  if (manifest?.kind === "index") return platformsIn(manifest.manifests);
  return manifest?.config === undefined ? [] : platformsOfConfig(found, manifest.config, signal);
}

/** Bytes of several images together: what they share counts once. Undefined when one of them could not be looked at. */
export function uniqueBytesOf(looks: readonly (ImageLook | OciError | undefined)[]): number | undefined {
  const contents = new Map<string, number>();
  for (const look of looks) {
    if (look === undefined || isOciError(look)) return undefined;
    for (const [digest, size] of look.contents) contents.set(digest, size);
  }
  return sumOf(contents.values());
}

function sumOf(sizes: Iterable<number>): number {
  let total = 0;
  for (const size of sizes) total += size;
  return total;
}
