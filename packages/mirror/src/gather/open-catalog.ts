import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Catalog, type CatalogProblem, type FetchedCatalog, fetchCatalogImage, openCatalog } from "@skerry/catalog";
import { type Descriptor, digestHex, OciError, type Place, type Reader, referenceName } from "@skerry/oci";
import type { OperatorsConfig } from "../config/types.ts";
import { layoutOrigin } from "../plan/requests.ts";
import { layoutSource } from "../resolve/source.ts";
import type { Memo } from "../workspace/memo.ts";
import type { Sources } from "./sources.ts";

/** An image that a catalog was read from. */
export interface CatalogImageSource {
  readonly reader: Reader;
  readonly place: Place;
  readonly descriptor: Descriptor;
}

/** A catalog that is open for reading. */
export interface OpenedCatalog {
  readonly catalog: Catalog;
  /** Missing for a folder on disk. */
  readonly image?: CatalogImageSource;
  /** True when the image's own server can serve files put over it: it holds a file-based catalog. */
  readonly hasServer: boolean;
  /** `sqlite`: an image whose server reads a database. */
  readonly format: "fbc" | "sqlite";
  readonly problems: readonly CatalogProblem[];
}

export interface OpenCatalogContext {
  readonly sources: Sources;
  readonly memo: Memo;
  /** Private folder where catalogs read from images are kept by digest. */
  readonly catalogsDir: string;
  readonly temporaryDir: string;
  /** Folder that relative paths of the configuration start from. */
  readonly baseDir: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the catalog of one entry. An image is fetched once in its life; afterwards its tag costs one look and its digest none.
 * @throws CatalogError, OciError: what makes this one catalog unreadable
 */
export async function openConfiguredCatalog(entry: OperatorsConfig, context: OpenCatalogContext): Promise<OpenedCatalog> {
  const { source } = entry;
  if (source.kind === "path") {
    const path = join(context.baseDir.length > 0 && !source.path.startsWith("/") ? context.baseDir : "", source.path);
    return { catalog: await openTree(entry.catalog, path, context), hasServer: false, format: "fbc", problems: [] };
  }
  const image = source.kind === "registry" ? await registryImage(entry, context) : await layoutImage(entry, context);
  const kept = await context.memo.get("catalog", `${image.descriptor.digest} ${FORMAT}`, () => fetchTo(entry, image, context));
  const there = (await isThere(kept.path)) ? kept : await fetchTo(entry, image, context);
  return {
    catalog: await openTree(entry.catalog, there.path, context),
    image,
    hasServer: there.kind === "configs",
    format: there.kind === "database" ? "sqlite" : "fbc",
    problems: there.problems,
  };
}

/** Part of the memo's key: changes when what is kept changes. */
const FORMAT = "2";

interface FetchedTree {
  readonly kind: FetchedCatalog["kind"];
  readonly path: string;
  readonly problems: readonly CatalogProblem[];
}

async function fetchTo(entry: OperatorsConfig, image: CatalogImageSource, context: OpenCatalogContext): Promise<FetchedTree> {
  // Kept beyond this run, by the digest of the image; what an interrupted fetch left is cleared first.
  const workdir = join(context.catalogsDir, digestHex(image.descriptor.digest));
  await rm(workdir, { recursive: true, force: true });
  const fetched = await fetchCatalogImage(image, { workdir, name: entry.catalog, signal: context.signal });
  return { kind: fetched.kind, path: fetched.path, problems: fetched.problems };
}

function openTree(name: string, path: string, context: OpenCatalogContext): Promise<Catalog> {
  return openCatalog(path, {
    name,
    workdir: context.temporaryDir,
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  });
}

async function registryImage(entry: OperatorsConfig, context: OpenCatalogContext): Promise<CatalogImageSource> {
  if (entry.source.kind !== "registry") throw new TypeError("not a registry source");
  const { reference } = entry.source;
  const reader = context.sources.registry(reference.registry);
  const place = { repository: reference.repository };
  const descriptor = await reader.resolve(place, referenceName(reference), { signal: context.signal });
  if (descriptor !== undefined) return { reader, place, descriptor };
  throw new OciError({
    code: "NOT_FOUND",
    message: `Cannot find catalog ${entry.catalog}: its registry has no such image`,
    subject: entry.catalog,
    host: reference.registry,
  });
}

async function layoutImage(entry: OperatorsConfig, context: OpenCatalogContext): Promise<CatalogImageSource> {
  if (entry.source.kind !== "layout") throw new TypeError("not a layout source");
  const { reader, place, name } = layoutSource(layoutOrigin(entry.source), context);
  const descriptor = await reader.resolve(place, name, { signal: context.signal });
  if (descriptor !== undefined) return { reader, place, descriptor };
  throw new OciError({
    code: "NOT_FOUND",
    message: `Cannot find catalog ${entry.catalog}: the layout has no image of that name`,
    subject: entry.catalog,
  });
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
