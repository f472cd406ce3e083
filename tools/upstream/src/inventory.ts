import type { Bundle, Catalog } from "@skerry/catalog";
import type { Reference } from "@skerry/oci";
import { load } from "js-yaml";
import { publishedManifests } from "./bundle-image.ts";
import { referencesIn } from "./references.ts";

/** One image to make: where the selection names it, and what it is. */
export interface Wanted {
  /** Original digest, or `host/repository:tag` where only tags name it. */
  readonly key: string;
  readonly digest?: string;
  /** `host/repository`, sorted. */
  readonly repositories: readonly string[];
  /** Tags per repository, sorted. */
  readonly tags: ReadonlyMap<string, readonly string[]>;
  /** Of which bundle it is the image; missing for operands. */
  readonly bundle?: { readonly package: string; readonly name: string };
}

/** What one catalog asks the upstream for. */
export interface Inventory {
  readonly wanted: readonly Wanted[];
  /** Files with a document of a selected package, sorted. */
  readonly files: readonly string[];
}

/** Collects every image that the selected packages of catalogs name. */
export class InventoryBuilder {
  readonly #images = new Map<string, { digest?: string; places: Map<string, Set<string>>; bundle?: { package: string; name: string } }>();
  readonly #bundlesDir: string | undefined;

  constructor(bundlesDir: string | undefined) {
    this.#bundlesDir = bundlesDir;
  }

  /** Adds the selected packages of a catalog. */
  async add(catalog: Catalog, packages: readonly string[]): Promise<void> {
    for (const name of packages) {
      const found = catalog.package(name);
      if (found === undefined) throw new Error(`catalog ${catalog.name} has no package "${name}"`);
      for (const info of found.bundles.values()) await this.#bundle(await catalog.bundle(name, info.name), info.version);
    }
  }

  /** Adds an image that no catalog names. */
  addImage(reference: Reference): void {
    this.#note(reference);
  }

  /** Everything so far, sorted by key. A tag that is also named with a digest belongs to the digest's image. */
  wanted(): Wanted[] {
    this.#joinTags();
    return [...this.#images.entries()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, { digest, places, bundle }]) => ({
        key,
        ...(digest === undefined ? {} : { digest }),
        repositories: [...places.keys()].sort(),
        tags: new Map([...places].map(([repository, tags]) => [repository, [...tags].sort()] as const)),
        ...(bundle === undefined ? {} : { bundle }),
      }));
  }

  async #bundle(bundle: Bundle, version: string): Promise<void> {
    const own = referencesIn({ image: bundle.image });
    for (const reference of own) this.#note(reference, { package: bundle.package, name: bundle.name });
    for (const reference of referencesIn({ relatedImages: bundle.relatedImages, properties: bundle.properties })) this.#note(reference);
    for (const text of await publishedManifests(this.#bundlesDir, bundle, version)) {
      for (const reference of referencesIn(documentOf(text))) this.#note(reference);
    }
  }

  #note(reference: Reference, bundle?: { readonly package: string; readonly name: string }): void {
    const repository = `${reference.registry}/${reference.repository}`;
    const key = reference.digest ?? `${repository}:${reference.tag ?? "latest"}`;
    const known = this.#images.get(key) ?? {
      ...(reference.digest === undefined ? {} : { digest: reference.digest }),
      places: new Map<string, Set<string>>(),
    };
    const tags = known.places.get(repository) ?? new Set();
    if (reference.tag !== undefined || reference.digest === undefined) tags.add(reference.tag ?? "latest");
    known.places.set(repository, tags);
    this.#images.set(key, bundle === undefined || known.bundle !== undefined ? known : { ...known, bundle });
  }

  #joinTags(): void {
    for (const [key, image] of [...this.#images].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (image.digest === undefined) continue;
      for (const [repository, tags] of image.places) {
        for (const tag of tags) this.#takeOver(`${repository}:${tag}`, key);
      }
    }
  }

  #takeOver(tagKey: string, digestKey: string): void {
    const tagged = this.#images.get(tagKey);
    const owner = this.#images.get(digestKey);
    if (tagged === undefined || owner === undefined) return;
    this.#images.delete(tagKey);
    if (tagged.bundle !== undefined && owner.bundle === undefined) this.#images.set(digestKey, { ...owner, bundle: tagged.bundle });
  }
}

function documentOf(text: string): unknown {
  try {
    // Published manifests repeat keys, which Go's reader lets pass.
    return load(text, { json: true });
  } catch {
    return text;
  }
}
