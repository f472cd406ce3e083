import type { OciError } from "@skerry/oci";
import type { Places } from "../places/places.ts";
import type { ImageLook } from "./image-look.ts";

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
  // Loaded here, since most commands that may ask never do.
  const { lookAtImage } = await import("./look-at-image.ts");
  const looks = new Map<string, ImageLook | OciError>();
  const waiting = [...new Set(images)].sort().values();
  const worker = async (): Promise<void> => {
    for (const image of waiting) {
      how.signal.throwIfAborted();
      looks.set(image, await lookAtImage(image, how));
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  return looks;
}
