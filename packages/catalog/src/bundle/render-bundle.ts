import type { JsonObject } from "../document/shape.ts";
import { csvDeploymentImages, csvRelatedImages } from "../images/csv-images.ts";
import type { Bundle, RelatedImageEntry } from "../types.ts";
import { byBytes } from "../write/go-json.ts";
import { bundleProperties, inOrder, objectProperty } from "./bundle-properties.ts";
import { migrateBundle } from "./csv-metadata.ts";
import type { BundleFiles } from "./read-bundle.ts";

export interface RenderBundleOptions {
  /** Reference of the bundle's image; empty for a folder that never was one. */
  readonly image?: string | undefined;
  /** `csv-metadata` keeps of the manifests what a catalog server needs; bundles without image keep all. */
  readonly migrateLevel?: "none" | "csv-metadata" | undefined;
}

/**
 * A bundle's folder or image as the `olm.bundle` that `opm render` makes of it.
 * Text under `value` in related images is kept beside the empty `image`, so that it can be repaired; opm drops it.
 */
export function renderBundle(files: BundleFiles, options: RenderBundleOptions = {}): Bundle {
  const image = options.image ?? "";
  const bundle: Bundle = {
    name: files.name,
    package: files.package,
    image,
    properties: inOrder([...bundleProperties(files), ...files.objects.map(objectProperty)]),
    relatedImages: renderedImages(files.csv, image),
  };
  return options.migrateLevel === "csv-metadata" ? migrateBundle(bundle) : bundle;
}

/** Related images of the CSV, then the bundle's image and those of its deployments that are not among them; sorted by image. */
export function renderedImages(csv: JsonObject, image: string): readonly RelatedImageEntry[] {
  const listed = csvRelatedImages(csv).map((entry) => ({
    name: entry.name,
    image: entry.image,
    ...(entry.value === undefined ? {} : { value: entry.value }),
  }));
  const known = new Set(listed.map((entry) => entry.image));
  const added: RelatedImageEntry[] = [];
  for (const one of [image, ...csvDeploymentImages(csv).map((entry) => entry.image)]) {
    if (one === "" || known.has(one)) continue;
    known.add(one);
    added.push({ name: "", image: one });
  }
  return [...listed, ...added].sort((a, b) => byBytes(a.image, b.image));
}
