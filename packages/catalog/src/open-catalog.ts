import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { CatalogError } from "./errors.ts";
import { type CatalogModel, ModelBuilder } from "./model/build-model.ts";
import { decodeBundle } from "./model/decode-bundle.ts";
import { ShapeError } from "./model/decode-channel.ts";
import { BodyReader } from "./scan/body-reader.ts";
import { type IndexedDocument, indexFiles } from "./scan/document-index.ts";
import { withoutIgnored } from "./scan/index-ignore.ts";
import { type CatalogFiles, diskFile, folderFiles, singleFile } from "./scan/source-files.ts";
import { newSpool, type Spool } from "./scan/spool.ts";
import type { Bundle, Catalog, CatalogDocument, PackageInfo } from "./types.ts";

export interface OpenCatalogOptions {
  /** What messages call the catalog; the path when missing. */
  readonly name?: string;
  /** Where converted documents are kept while the catalog is open: one private file without a name. Default: the system's. */
  readonly workdir?: string;
  readonly signal?: AbortSignal;
}

/**
 * Opens a file-based catalog: a folder, or one file. Reads everything once; keeps an index and the graph in memory, not
 * the documents.
 *
 * @throws CatalogError CATALOG_UNREADABLE when the path cannot be read. Documents that cannot be read are rows.
 */
export async function openFileCatalog(path: string, options: OpenCatalogOptions = {}): Promise<Catalog> {
  let files: CatalogFiles;
  try {
    const status = await stat(path);
    if (!status.isDirectory() && !status.isFile())
      throw new TypeError("it is neither a folder nor a regular file; give it on standard input");
    files = status.isDirectory() ? await folderFiles(path) : singleFile(diskFile(path, basename(path), status.size));
  } catch (cause) {
    if (cause instanceof CatalogError) throw cause;
    throw new CatalogError({
      code: "CATALOG_UNREADABLE",
      message: `Cannot read catalog "${path}": ${cause instanceof Error ? cause.message : String(cause)}`,
      subject: path,
      hint: "Name a folder or a file of a file-based catalog.",
      cause,
    });
  }
  return openCatalogTree(files, { name: path, ...options });
}

/** Opens a file-based catalog from any source of files, which it closes in the end. */
export async function openCatalogTree(files: CatalogFiles, options: OpenCatalogOptions & { readonly name: string }): Promise<Catalog> {
  const builder = new ModelBuilder();
  const spool = newSpool(options.workdir);
  try {
    for (const problem of files.problems) builder.problem(problem);
    await indexFiles(withoutIgnored(files.files), builder, { signal: options.signal, spool });
  } catch (error) {
    spool.close();
    await files.close();
    throw error;
  }
  return new FileCatalog({ name: options.name, files, spool, model: builder.finish() });
}

interface FileCatalogParts {
  readonly name: string;
  readonly files: CatalogFiles;
  readonly spool: Spool;
  readonly model: CatalogModel;
}

class FileCatalog implements Catalog {
  readonly name: string;
  readonly packages: readonly PackageInfo[];
  readonly problems: Catalog["problems"];
  readonly bytes: number;
  readonly #parts: FileCatalogParts;

  constructor(parts: FileCatalogParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.packages = parts.model.packages;
    this.problems = parts.model.problems;
    this.bytes = parts.model.bytes;
  }

  package(name: string): PackageInfo | undefined {
    return this.#parts.model.byName.get(name);
  }

  async bundle(packageName: string, bundleName: string): Promise<Bundle> {
    const document = this.#parts.model.bundleDocuments.get(packageName)?.get(bundleName);
    if (document === undefined) {
      throw new CatalogError({
        code: "BUNDLE_UNKNOWN",
        message: `Cannot read bundle "${bundleName}": package "${packageName}" of ${this.name} has no such bundle`,
        subject: bundleName,
      });
    }
    for await (const { body } of this.#bodies([document])) {
      try {
        return decodeBundle(body);
      } catch (cause) {
        if (!(cause instanceof ShapeError)) throw cause;
        throw new CatalogError({
          code: "BUNDLE_INVALID",
          message: `Cannot read bundle "${bundleName}" at ${document.file}:${document.line}: ${cause.message}`,
          subject: bundleName,
          cause,
        });
      }
    }
    throw new CatalogError({ code: "BUNDLE_UNKNOWN", message: `Cannot read bundle "${bundleName}"`, subject: bundleName });
  }

  async *documents(
    wanted: (document: CatalogDocument) => boolean,
    options: { readonly leftOut?: boolean; readonly order?: (a: CatalogDocument, b: CatalogDocument) => number } = {},
  ): AsyncGenerator<{ readonly document: CatalogDocument; readonly body: Record<string, unknown> }> {
    const { documents, allDocuments } = this.#parts.model;
    const chosen = (options.leftOut === true ? allDocuments : documents).filter(wanted);
    yield* this.#bodies(options.order === undefined ? chosen : chosen.sort(options.order));
  }

  async *#bodies(documents: readonly IndexedDocument[]): AsyncGenerator<{ document: CatalogDocument; body: Record<string, unknown> }> {
    const reader = new BodyReader(this.#parts.spool);
    try {
      for (const document of documents) yield { document, body: await reader.read(document) };
    } finally {
      reader.close();
    }
  }

  async close(): Promise<void> {
    this.#parts.spool.close();
    await this.#parts.files.close();
  }
}
