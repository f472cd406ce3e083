import { type Bundle, type CsvImage, csvEnvironmentImages, environmentImagesOf, fetchBundleCsv, isCatalogError } from "@skerry/catalog";
import { isOciError, referenceName } from "@skerry/oci";
import type { Memo } from "../workspace/memo.ts";
import { readableReference } from "./readable-reference.ts";
import type { Sources } from "./sources.ts";

/** Finds the `RELATED_IMAGE_*` values of a bundle's deployments: in the catalog, else in the bundle image. */
export type EnvironmentReader = (bundle: Bundle) => Promise<readonly CsvImage[]>;

/** A reader that fetches the images of bundles whose CSV the catalog does not hold, each once in its life. */
export function bundleEnvironmentReader(context: {
  readonly sources: Sources;
  readonly memo: Memo;
  readonly temporaryDir: string;
  readonly signal?: AbortSignal | undefined;
}): EnvironmentReader {
  return async (bundle) => {
    const own = environmentImagesOf(bundle);
    if (own !== undefined) return own;
    const reference = readableReference(bundle.image);
    if (reference === undefined) return [];
    const reader = context.sources.registry(reference.registry);
    const place = { repository: reference.repository };
    try {
      const descriptor = await reader.resolve(place, referenceName(reference), { signal: context.signal });
      if (descriptor === undefined) return [];
      return await context.memo.get("environment", descriptor.digest, async () => {
        const csv = await fetchBundleCsv({ reader, place, descriptor }, { workdir: context.temporaryDir, signal: context.signal });
        return csv === undefined ? [] : [...csvEnvironmentImages(csv)];
      });
    } catch (error) {
      // A bundle image that cannot be had, or is none, is a row of its own.
      if ((isOciError(error) && error.code !== "ABORTED") || isCatalogError(error)) return [];
      throw error;
    }
  };
}
