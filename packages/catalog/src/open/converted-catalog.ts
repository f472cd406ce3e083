import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFileCatalog } from "../open-catalog.ts";
import type { Catalog, CatalogFile, CatalogProblem } from "../types.ts";
import { writeCatalogFiles } from "./write-files.ts";

export interface ConvertedOptions {
  readonly name: string;
  /** Private directory for the converted documents; a fresh one of the system's unless given. */
  readonly workdir?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What is converted is one bundle. */
  readonly bundleOnly?: boolean | undefined;
}

/**
 * Opens a catalog of another format by writing it down as a file-based one, so that everything that works on those works
 * on it. What was written is removed when the catalog is closed.
 */
export async function openConverted(
  convert: (onProblem: (problem: CatalogProblem) => void) => AsyncIterable<CatalogFile>,
  options: ConvertedOptions,
): Promise<Catalog> {
  const parent = options.workdir ?? tmpdir();
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const directory = await mkdtemp(join(parent, "converted-"));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const problems: CatalogProblem[] = [];
    await writeCatalogFiles(
      convert((problem) => problems.push(problem)),
      directory,
    );
    const { name, workdir, signal } = options;
    const catalog = await openFileCatalog(directory, {
      name,
      ...(workdir === undefined ? {} : { workdir }),
      ...(signal === undefined ? {} : { signal }),
    });
    return withExtras(catalog, problems, remove, options.bundleOnly === true ? { bundleOnly: true } : {});
  } catch (error) {
    await remove();
    throw error;
  }
}

/** A catalog with further rows in front of its own, and something to do after it was closed. */
export function withExtras(
  catalog: Catalog,
  problems: readonly CatalogProblem[],
  afterClose: () => Promise<void>,
  more: Pick<Catalog, "bundleOnly"> = {},
): Catalog {
  return {
    name: catalog.name,
    packages: catalog.packages,
    problems: [...problems, ...catalog.problems],
    bytes: catalog.bytes,
    package: (name) => catalog.package(name),
    bundle: (packageName, bundleName) => catalog.bundle(packageName, bundleName),
    documents: (wanted, how) => catalog.documents(wanted, how),
    ...(more.bundleOnly === true || catalog.bundleOnly === true ? { bundleOnly: true } : {}),
    async close() {
      try {
        await catalog.close();
      } finally {
        await afterClose();
      }
    },
  };
}
