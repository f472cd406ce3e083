import { type BrokenEntry, type Bundle, type CatalogProblem, isCatalogError, repairFromBundleImage } from "@skerry/catalog";
import { formatReference, isOciError, parseReference, type Reference, referenceName } from "@skerry/oci";
import type { Memo } from "../workspace/memo.ts";
import { readableReference } from "./readable-reference.ts";
import type { Sources } from "./sources.ts";

/** Images found for broken entries, with the rows about them. */
export interface Repaired {
  readonly images: readonly { readonly reference: Reference; readonly field: string }[];
  readonly problems: readonly CatalogProblem[];
}

/** Finds the text of broken references where the catalog does not have it: in the bundle image. */
export type BundleRepairer = (bundle: Bundle, broken: readonly BrokenEntry[]) => Promise<Repaired>;

/** A repairer that fetches the bundle images of exactly these bundles, each once in its life. */
export function bundleImageRepairer(context: {
  readonly sources: Sources;
  readonly memo: Memo;
  readonly temporaryDir: string;
  readonly signal?: AbortSignal | undefined;
}): BundleRepairer {
  return async (bundle, broken) => {
    const reference = readableReference(bundle.image);
    const unrepaired = { images: [], problems: broken.map((entry) => entry.problem) };
    if (reference === undefined || broken.every((entry) => entry.index === undefined)) return unrepaired;
    const reader = context.sources.registry(reference.registry);
    const place = { repository: reference.repository };
    try {
      const descriptor = await reader.resolve(place, referenceName(reference), { signal: context.signal });
      if (descriptor === undefined) return unrepaired;
      const key = JSON.stringify([descriptor.digest, bundle.name, broken.map((entry) => [entry.field, entry.original])]);
      const kept = await context.memo.get("repair", key, async () => {
        const found = await repairFromBundleImage(
          { bundle, broken },
          { reader, place, descriptor },
          { workdir: context.temporaryDir, signal: context.signal },
        );
        return {
          images: found.images.map((image) => [formatReference(image.reference), image.fields[0] ?? "relatedImages"] as const),
          problems: found.problems,
        };
      });
      return { images: kept.images.map(([text, field]) => ({ reference: parseReference(text), field })), problems: kept.problems };
    } catch (error) {
      // The bundle image itself is a row of its own when it cannot be had; the entries stay as they were.
      if ((isOciError(error) && error.code !== "ABORTED") || isCatalogError(error)) return unrepaired;
      throw error;
    }
  };
}
