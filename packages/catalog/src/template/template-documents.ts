import type { Bundle } from "../types.ts";

/** A document that a template makes, as it would be read from a catalog. */
export type TemplateDocument = Readonly<Record<string, unknown>>;

/** Renders the bundle behind an image reference. */
export type TemplateSource = (image: string) => Promise<Bundle>;

/** A bundle as a document. */
export function bundleBody(bundle: Bundle): TemplateDocument {
  return {
    schema: "olm.bundle",
    name: bundle.name,
    package: bundle.package,
    image: bundle.image,
    properties: bundle.properties,
    relatedImages: bundle.relatedImages.map(({ name, image }) => ({ name, image })),
  };
}

/** Version and release of a bundle, as its `olm.package` property has them. */
export function bundleIdentity(bundle: Pick<Bundle, "properties">): { readonly version: string; readonly release: string } {
  const value = bundle.properties.find((property) => property.type === "olm.package")?.value as
    | { version?: unknown; release?: unknown }
    | undefined;
  return {
    version: typeof value?.version === "string" ? value.version : "",
    release: typeof value?.release === "string" ? value.release : "",
  };
}
