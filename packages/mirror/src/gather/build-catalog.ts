import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type BuiltImage, buildCatalog, buildCatalogImage, writeCatalog } from "@skerry/catalog";
import {
  type Descriptor,
  type Digest,
  type LayoutStore,
  openLayout,
  type Place,
  parsePlatform,
  platformFilter,
  type Reader,
  walkImage,
} from "@skerry/oci";
import { stableJson } from "../lock/format.ts";
import type { CatalogMode, GatheredCatalog } from "./gathered.ts";
import { overlaidReader } from "./overlaid-reader.ts";

/** A catalog with what is kept of it; how it is to be made is said apart. */
export type CatalogToBuild = Omit<GatheredCatalog, "mode">;

/** A catalog image that can be pushed. */
export interface BuiltCatalog {
  readonly root: Descriptor;
  readonly reader: Reader;
  readonly place: Place;
  /** True when it is the source image as it is. */
  readonly unchanged: boolean;
  readonly mode: CatalogMode;
  /** Bytes of the catalog's files. */
  readonly bytes: number;
}

export interface BuildContext {
  readonly mode: CatalogMode;
  readonly platforms: readonly string[];
  /** Part of the key of what is kept: another version may write other bytes. */
  readonly skerryVersion: string;
  readonly temporaryDir: string;
  readonly signal?: AbortSignal | undefined;
}

/** The layout that keeps built catalog images between runs: their own manifests, configurations and layers, nothing of the sources. */
export class BuiltCatalogs implements AsyncDisposable {
  readonly #layout: LayoutStore;

  private constructor(layout: LayoutStore) {
    this.#layout = layout;
  }

  static async open(dir: string): Promise<BuiltCatalogs> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    return new BuiltCatalogs(await openLayout(join(dir), { create: true }));
  }

  /** The filtered image of a gathered catalog: kept from an earlier run, or built now. The same input gives the same digest. */
  async of(gathered: CatalogToBuild, context: BuildContext): Promise<BuiltCatalog> {
    const { image, catalog } = gathered.opened;
    if (gathered.selected.unchanged && image !== undefined && servesItself(gathered, context)) {
      return {
        root: image.descriptor,
        reader: image.reader,
        place: image.place,
        unchanged: true,
        mode: gathered.opened.format === "sqlite" ? "database" : "over-source",
        bytes: catalog.bytes,
      };
    }
    // A folder's content has no digest that could be part of a key.
    const key = image === undefined ? undefined : buildKey(gathered, image.descriptor.digest, context);
    const kept = key === undefined ? undefined : await this.#kept(key);
    const { root, bytes } =
      kept ??
      (await this.#build(
        gathered,
        key ?? `folder-${createHash("sha256").update(gathered.entry.catalog).digest("hex").slice(0, 32)}`,
        context,
      ));
    const reader =
      image === undefined || modeOf(gathered, context) === "scratch" ? this.#layout : overlaidReader(this.#layout, PLACE, image);
    return { root, reader, place: PLACE, unchanged: false, mode: modeOf(gathered, context), bytes };
  }

  /** A reader of what was built earlier, for a run that starts from a lock. */
  async find(digest: Digest): Promise<Descriptor | undefined> {
    return await this.#layout.resolve(PLACE, digest);
  }

  /** The layout itself. */
  get layout(): LayoutStore {
    return this.#layout;
  }

  get reader(): Reader {
    return this.#layout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#layout.close();
  }

  async #kept(key: string): Promise<{ root: Descriptor; bytes: number } | undefined> {
    const root = await this.#layout.resolve(PLACE, key);
    const bytes = Number(/-([0-9]+)$/.exec(await this.#sizeTag(key))?.[1] ?? Number.NaN);
    return root === undefined || Number.isNaN(bytes) ? undefined : { root, bytes };
  }

  /** The size of the files is kept as a second name, because an image's manifest does not tell it. */
  async #sizeTag(key: string): Promise<string> {
    for await (const tag of this.#layout.tags(PLACE)) if (tag.startsWith(`${key}-`)) return tag;
    return "";
  }

  async #build(gathered: CatalogToBuild, key: string, context: BuildContext): Promise<{ root: Descriptor; bytes: number }> {
    const { catalog, image } = gathered.opened;
    const mode = modeOf(gathered, context);
    const how = {
      ...(context.platforms.length === 0 ? {} : { platforms: platformFilter(context.platforms.map(parsePlatform)) }),
      workdir: context.temporaryDir,
      signal: context.signal,
    };
    const repairs = gathered.references;
    const built =
      mode === "database"
        ? await buildCatalog({ catalog, selected: gathered.selected, format: "sqlite", base: image, repairs, ...how })
        : await buildCatalogImage({
            mode,
            ...(image === undefined ? {} : { source: image }),
            files: writeCatalog(catalog, gathered.selected, { repairs, signal: context.signal }),
            ...how,
          });
    try {
      await this.#keep(built, gathered, { key, signal: context.signal });
      return { root: built.root, bytes: built.bytes };
    } finally {
      await built.close();
    }
  }

  /** Writes what the source does not have: contents first, the names last. */
  async #keep(
    built: BuiltImage,
    gathered: CatalogToBuild,
    how: { readonly key: string; readonly signal: AbortSignal | undefined },
  ): Promise<void> {
    const { image } = gathered.opened;
    const walk = { referrers: "none" as const, signal: how.signal };
    const graph = await walkImage(built.reader, PLACE, built.root, walk);
    const source = image === undefined ? undefined : await walkImage(image.reader, image.place, image.descriptor, walk);
    for (const blob of graph.blobs.values()) {
      if (source?.blobs.has(blob.digest) === true || (await this.#layout.has(PLACE, blob))) continue;
      const write = await this.#layout.begin(PLACE, blob);
      await write.append(built.reader.blob(PLACE, blob).open(0, { signal: how.signal }));
      await write.commit();
    }
    for (const entry of graph.manifests) {
      if (entry.content === undefined) continue;
      const names = entry.role === "root" ? [how.key, `${how.key}-${built.bytes}`] : [];
      await this.#layout.putManifest(PLACE, entry.descriptor, entry.content, names);
    }
  }
}

const PLACE: Place = { repository: "" };

/** True when the source image can be copied as it is: its own server serves what is in it, in the form that the cluster reads. */
function servesItself(gathered: CatalogToBuild, context: BuildContext): boolean {
  return gathered.opened.format === "sqlite" ? context.mode === "database" : gathered.opened.hasServer;
}

/** Files go over their source only where the source has a server for files; a database only where it has one for databases. */
function modeOf(gathered: CatalogToBuild, context: BuildContext): CatalogMode {
  const { image, hasServer, format } = gathered.opened;
  if (image === undefined) return "scratch";
  if (context.mode === "over-source") return hasServer ? "over-source" : "scratch";
  return context.mode === "database" && format !== "sqlite" ? "scratch" : context.mode;
}

function buildKey(gathered: CatalogToBuild, source: Digest, context: BuildContext): string {
  const input = [
    source,
    modeOf(gathered, context),
    context.platforms,
    context.skerryVersion,
    gathered.selected.packages,
    gathered.references,
  ];
  return `built-${createHash("sha256").update(stableJson(input)).digest("hex").slice(0, 40)}`;
}
