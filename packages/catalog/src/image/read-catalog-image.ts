import type { Descriptor, Place, Reader } from "@skerry/oci";
import { convertBundle } from "../bundle/convert-bundle.ts";
import { openConverted, withExtras } from "../open/converted-catalog.ts";
import { openFileCatalog } from "../open-catalog.ts";
import { convertSqlite } from "../sqlite/documents.ts";
import type { Catalog } from "../types.ts";
import { type FetchedCatalog, fetchCatalogImage } from "./fetch-catalog.ts";

export interface ReadCatalogImageOptions {
  /** Private directory to extract into; what was extracted is removed when the catalog is closed. */
  readonly workdir: string;
  /** As the user wrote it, for messages; the descriptor's digest unless given. */
  readonly name?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a catalog out of an image in any store. The image's labels say what it is: a file-based catalog before a database
 * before a bundle.
 * @throws CatalogError `CATALOG_UNREADABLE` naming what the image is instead, `LIMIT_EXCEEDED`, and what the reader throws
 */
export async function readCatalogImage(
  reader: Reader,
  image: { readonly place: Place; readonly descriptor: Descriptor },
  options: ReadCatalogImageOptions,
): Promise<Catalog> {
  const name = options.name ?? image.descriptor.digest;
  const fetched = await fetchCatalogImage({ reader, ...image }, { workdir: options.workdir, name, signal: options.signal });
  try {
    return withExtras(await opened(fetched, { ...options, name }), fetched.problems, () => fetched.close());
  } catch (error) {
    await fetched.close();
    throw error;
  }
}

async function opened(fetched: FetchedCatalog, options: ReadCatalogImageOptions & { readonly name: string }): Promise<Catalog> {
  const { name, workdir, signal } = options;
  const own = { name, workdir, ...(signal === undefined ? {} : { signal }) };
  switch (fetched.kind) {
    case "configs":
      return openFileCatalog(fetched.path, own);
    case "database":
      return openConverted((onProblem) => convertSqlite(fetched.path, { keepValues: true, onProblem, signal }), own);
    case "bundle":
      return openConverted(() => convertBundle(fetched.path, { keepValues: true, image: referenceOf(name) }), { ...own, bundleOnly: true });
  }
}

/** What a cluster could pull: nothing for an image that lies on a disk. */
function referenceOf(name: string): string {
  const text = name.replace(/^docker:\/\//, "");
  return /^(?:oci|oci-archive|dir|docker-archive):/.test(text) ? "" : text;
}
