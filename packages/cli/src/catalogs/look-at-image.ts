import { type ImageGraph, type OciError, walkImage } from "@skerry/oci";
import { platformsIn, platformsOfConfig } from "../inspect/read-image.ts";
import { parseImageName } from "../names/image-name.ts";
import { type FoundImage, imageFault, type Places } from "../places/places.ts";
import { type ImageLook, sumOf } from "./image-look.ts";

/** Asks a registry for one image: its manifests, no layers. One that cannot be had is its error. */
export async function lookAtImage(
  image: string,
  how: { readonly places: Places; readonly signal: AbortSignal },
): Promise<ImageLook | OciError> {
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
