import type { Descriptor, Place, Reader } from "@skerry/oci";
import { CatalogError } from "../errors.ts";
import { openFileCatalog } from "../open-catalog.ts";
import type { Catalog, CatalogProblem } from "../types.ts";
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
    return over(await opened(fetched, { ...options, name }), fetched);
  } catch (error) {
    await fetched.close();
    throw error;
  }
}

async function opened(fetched: FetchedCatalog, options: ReadCatalogImageOptions & { readonly name: string }): Promise<Catalog> {
  const { name, workdir, signal } = options;
  if (fetched.kind === "configs") return openFileCatalog(fetched.path, { name, workdir, ...(signal === undefined ? {} : { signal }) });
  throw new CatalogError({ code: "UNSUPPORTED", message: `Cannot read ${name}: it holds a ${fetched.kind}`, subject: name });
}

/** The catalog with the image's own rows, which takes its files along when it is closed. */
function over(catalog: Catalog, fetched: FetchedCatalog): Catalog {
  const problems: readonly CatalogProblem[] = [...fetched.problems, ...catalog.problems];
  return {
    name: catalog.name,
    packages: catalog.packages,
    problems,
    bytes: catalog.bytes,
    package: (name) => catalog.package(name),
    bundle: (packageName, bundleName) => catalog.bundle(packageName, bundleName),
    documents: (wanted) => catalog.documents(wanted),
    async close() {
      await catalog.close();
      await fetched.close();
    },
  };
}
