import { type BundleImagesOptions, bundleImages, type Catalog, type CatalogProblem } from "@skerry/catalog";
import { formatReference } from "@skerry/oci";

/** An image that bundles need, with the places that name it. */
export interface NeededImage {
  readonly image: string;
  readonly kind: "bundle" | "related";
  readonly byTag: boolean;
  readonly reasons: readonly { readonly package: string; readonly bundle: string; readonly field: string }[];
}

/** The images of chosen bundles, each once, sorted; and rows for references that are broken or were repaired. */
export async function neededImages(
  catalog: Catalog,
  packages: readonly { readonly name: string; readonly bundles: readonly string[] }[],
  options: BundleImagesOptions = {},
): Promise<{ readonly images: readonly NeededImage[]; readonly problems: readonly CatalogProblem[] }> {
  const needed = new Map<string, { kind: "bundle" | "related"; byTag: boolean; reasons: NeededImage["reasons"][number][] }>();
  const problems: CatalogProblem[] = [];
  for (const chosen of packages) {
    for (const name of chosen.bundles) {
      const found = bundleImages(await catalog.bundle(chosen.name, name), options);
      problems.push(...found.problems, ...found.broken.map((broken) => broken.problem));
      for (const { reference, kind, fields } of found.images) {
        const text = formatReference(reference);
        const known = needed.get(text) ?? { kind, byTag: reference.digest === undefined, reasons: [] };
        known.reasons.push(...fields.map((field) => ({ package: chosen.name, bundle: name, field })));
        needed.set(text, known);
      }
    }
  }
  const images = [...needed].map(([image, rest]) => ({ image, ...rest })).sort((a, b) => (a.image < b.image ? -1 : 1));
  return { images, problems };
}
