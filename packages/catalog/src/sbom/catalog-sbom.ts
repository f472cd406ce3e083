import { formatReference, type Reference } from "@skerry/oci";
import { bundleImages } from "../images/bundle-images.ts";
import type { Catalog, Selected } from "../types.ts";
import { byBytes } from "../write/go-json.ts";

export interface CatalogSbomOptions {
  /** Reference of the catalog image that the list belongs to. */
  readonly image?: Reference | undefined;
  /** Version of the program that makes the list. */
  readonly toolVersion: string;
  readonly signal?: AbortSignal | undefined;
}

interface Component {
  readonly type: "application" | "container";
  readonly "bom-ref": string;
  readonly name: string;
  readonly version?: string;
  readonly purl?: string;
}

/**
 * What a catalog holds as a CycloneDX 1.6 document: every kept bundle as an application with its version, every image it
 * needs as a container, and which needs which. No time and no serial number, so that the same catalog gives the same bytes.
 * @throws CatalogError when a bundle cannot be read
 */
export async function catalogSbom(
  catalog: Catalog,
  selected: Selected,
  options: CatalogSbomOptions,
): Promise<Readonly<Record<string, unknown>>> {
  const components = new Map<string, Component>();
  const dependencies: { ref: string; dependsOn: readonly string[] }[] = [];
  for (const chosen of selected.packages.toSorted((a, b) => byBytes(a.name, b.name))) {
    for (const name of chosen.bundles.toSorted(byBytes)) {
      options.signal?.throwIfAborted();
      const ref = `bundle:${chosen.name}/${name}`;
      const version = catalog.package(chosen.name)?.bundles.get(name)?.version ?? "";
      components.set(ref, { type: "application", "bom-ref": ref, name: chosen.name, ...(version === "" ? {} : { version }) });
      const images = bundleImages(await catalog.bundle(chosen.name, name)).images.map((image) => container(image.reference));
      for (const image of images) components.set(image["bom-ref"], image);
      dependencies.push({ ref, dependsOn: [...new Set(images.map((image) => image["bom-ref"]))].sort(byBytes) });
    }
  }
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      tools: { components: [{ type: "application", name: "skerry", version: options.toolVersion }] },
      ...(options.image === undefined ? {} : { component: container(options.image) }),
    },
    components: [...components.values()].sort((a, b) => byBytes(a["bom-ref"], b["bom-ref"])),
    dependencies: dependencies.sort((a, b) => byBytes(a.ref, b.ref)),
  };
}

/** An image by its name; the package URL names a version only where a digest fixes it. purl-spec "oci". */
function container(image: Reference): Component {
  const { registry, repository, tag, digest } = image;
  const name = repository.split("/").at(-1) ?? repository;
  const query = new URLSearchParams({ repository_url: `${registry}/${repository}`, ...(tag === undefined ? {} : { tag }) });
  const version = digest ?? tag;
  return {
    type: "container",
    "bom-ref": `image:${formatReference(image)}`,
    name: `${registry}/${repository}`,
    ...(version === undefined ? {} : { version }),
    purl: `pkg:oci/${encodeURIComponent(name)}${digest === undefined ? "" : `@${encodeURIComponent(digest)}`}?${query.toString()}`,
  };
}
