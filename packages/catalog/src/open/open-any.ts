import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { convertBundle } from "../bundle/convert-bundle.ts";
import { isBundleDirectory } from "../bundle/read-bundle.ts";
import { CatalogError } from "../errors.ts";
import type { ImageAt } from "../image/image-manifest.ts";
import { readCatalogImage } from "../image/read-catalog-image.ts";
import { openCatalogTree, openFileCatalog } from "../open-catalog.ts";
import { convertPackageManifests } from "../packagemanifest/documents.ts";
import { streamedFile } from "../scan/streamed-file.ts";
import { convertSqlite } from "../sqlite/documents.ts";
import { isSqliteFile } from "../sqlite/open-database.ts";
import type { Catalog } from "../types.ts";
import { openConverted } from "./converted-catalog.ts";

export type CatalogFormat = "file-based" | "sqlite" | "package-manifests" | "bundle" | "layout" | "image" | "stdin";

export interface OpenAnyOptions {
  /** Private directory for what has to be extracted or converted. */
  readonly workdir: string;
  /** What messages call the catalog; the text unless given. */
  readonly name?: string | undefined;
  /** Finds the image behind a reference or layout; without it only folders and files can be opened. */
  readonly image?: ((text: string) => Promise<ImageAt>) | undefined;
  /** For `-`. */
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a catalog of any kind by what it is: a reference or layout (`docker://`, `oci:` …), `-`, a folder that is a
 * layout, a bundle, package manifests or a file-based catalog, a SQLite database, or a file.
 * @throws CatalogError `CATALOG_UNREADABLE` and what the kind's own reader throws
 */
export async function openCatalog(text: string, options: OpenAnyOptions): Promise<Catalog> {
  const { workdir, signal } = options;
  const own = { name: options.name ?? text, workdir, ...(signal === undefined ? {} : { signal }) };
  const format = await catalogFormat(text);
  switch (format) {
    case "image":
    case "layout": {
      if (options.image === undefined) throw unreadable(text, "images cannot be read here");
      const image = await options.image(format === "layout" ? `oci:${text}` : text);
      return readCatalogImage(image.reader, image, own);
    }
    case "stdin":
      if (options.stdin === undefined) throw unreadable(text, "there is no standard input here");
      return openCatalogTree(await streamedFile("-", options.stdin, own), own);
    case "sqlite":
      return openSqliteCatalog(text, own);
    case "package-manifests":
      return openPackageManifests(text, own);
    case "bundle":
      return openBundleCatalog(text, own);
    case "file-based":
      return openFileCatalog(text, own);
  }
}

export interface OpenConvertedOptions {
  readonly name: string;
  readonly workdir: string;
  readonly signal?: AbortSignal;
}

/** Opens a catalog database as a catalog. */
export function openSqliteCatalog(path: string, options: OpenConvertedOptions): Promise<Catalog> {
  return openConverted((onProblem) => convertSqlite(path, { keepValues: true, onProblem, signal: options.signal }), options);
}

/** Opens a folder of package manifests as a catalog. */
export function openPackageManifests(path: string, options: OpenConvertedOptions): Promise<Catalog> {
  return openConverted((onProblem) => convertPackageManifests(path, { keepValues: true, onProblem, signal: options.signal }), options);
}

/** Opens a bundle's folder as a catalog of one version; `image` is the reference it was read from. */
export function openBundleCatalog(path: string, options: OpenConvertedOptions & { readonly image?: string }): Promise<Catalog> {
  return openConverted(() => convertBundle(path, { keepValues: true, image: options.image }), { ...options, bundleOnly: true });
}

/**
 * What a catalog's name stands for. A path that is there goes before a reference; a file-based catalog is what nothing else
 * is.
 */
export async function catalogFormat(text: string): Promise<CatalogFormat> {
  if (text === "-") return "stdin";
  if (/^(docker:\/\/|oci:|oci-archive:|dir:|docker-archive:)/.test(text)) return "image";
  const status = await stat(text).catch(() => undefined);
  if (status === undefined) {
    if (/^[^/]*[.:][^/]*\/|^localhost\//.test(text) && !text.startsWith(".")) return "image";
    throw unreadable(text, "there is no such file or folder");
  }
  if (!status.isDirectory()) return (await isSqliteFile(text)) ? "sqlite" : "file-based";
  if (await isFile(join(text, "oci-layout"))) return "layout";
  if (await isBundleDirectory(text)) return "bundle";
  return (await holdsPackageFile(text, 2)) ? "package-manifests" : "file-based";
}

async function holdsPackageFile(directory: string, depth: number): Promise<boolean> {
  const entries = await readdir(directory, { withFileTypes: true });
  if (entries.some((entry) => entry.isFile() && /\.package\.ya?ml$/.test(entry.name))) return true;
  if (depth === 0) return false;
  for (const entry of entries) {
    if (entry.isDirectory() && !entry.name.startsWith(".") && (await holdsPackageFile(join(directory, entry.name), depth - 1))) return true;
  }
  return false;
}

async function isFile(path: string): Promise<boolean> {
  const status = await stat(path).catch(() => undefined);
  return status?.isFile() === true;
}

function unreadable(text: string, why: string): CatalogError {
  return new CatalogError({
    code: "CATALOG_UNREADABLE",
    message: `Cannot read catalog ${JSON.stringify(text)}: ${why}`,
    subject: text,
    hint: "Name an image (docker://…), a layout (oci:DIR), a folder, a file, a .db, or - for standard input.",
  });
}
