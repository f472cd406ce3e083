import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { PlatformFilter, Reference } from "@skerry/oci";
import { CatalogError } from "../errors.ts";
import { writeDatabase } from "../sqlite/write-database.ts";
import type { Catalog, CatalogProblem, Selected } from "../types.ts";
import { writeCatalog } from "../write/catalog.ts";
import { wholeCatalog } from "../write/whole-catalog.ts";
import { buildDatabaseImage } from "./build-database-image.ts";
import { type BuiltImage, buildCatalogImage } from "./build-image.ts";
import type { ImageAt } from "./image-manifest.ts";

/** What a catalog image serves: a file-based catalog, or a database for what came before opm served files. */
export type CatalogImageFormat = "fbc" | "sqlite";

export interface BuildCatalogOptions {
  readonly catalog: Catalog;
  /** Everything unless given. */
  readonly selected?: Selected | undefined;
  readonly format: CatalogImageFormat;
  /** Image to build over; a file-based catalog can do without, a database needs the server in it. */
  readonly base?: ImageAt | undefined;
  readonly platforms?: PlatformFilter | undefined;
  /** Rows of `bundleImages` and `repairFromBundleImage`. */
  readonly repairs?: readonly CatalogProblem[] | undefined;
  readonly workdir: string;
  readonly signal?: AbortSignal | undefined;
}

/** A built image with rows about what its format has no place for. */
export interface BuiltCatalog extends BuiltImage {
  readonly problems: readonly CatalogProblem[];
}

/**
 * Makes an image of a catalog of any format, as `oc adm catalog build` does of an app registry: file-based over a base
 * that holds opm or from scratch, or as a database over the base's server.
 * @throws CatalogError `UNSUPPORTED` for a database without base, which no pod could serve, and what building throws
 */
export async function buildCatalog(options: BuildCatalogOptions): Promise<BuiltCatalog> {
  const selected = options.selected ?? wholeCatalog(options.catalog);
  if (options.format === "sqlite") return buildOverServer(options, selected);
  const { catalog, repairs, base, platforms, workdir, signal } = options;
  const built = await buildCatalogImage({
    mode: base === undefined ? "scratch" : "over-base",
    source: base,
    files: writeCatalog(catalog, selected, { repairs, signal }),
    platforms,
    workdir,
    signal,
  });
  return { ...built, problems: [] };
}

/** The server images of OpenShift before 4.11 read databases and nothing else; what is no such image can serve files. */
export function formatForBase(base: Pick<Reference, "repository" | "tag"> | undefined): CatalogImageFormat {
  const minor = /^v?4\.(\d+)/.exec(base?.tag ?? "")?.[1];
  const isServer = /(^|\/|-)operator-registry(-rhel\d+)?$/.test(base?.repository ?? "");
  return isServer && minor !== undefined && Number(minor) < 11 ? "sqlite" : "fbc";
}

async function buildOverServer(options: BuildCatalogOptions, selected: Selected): Promise<BuiltCatalog> {
  const { catalog, base, platforms, repairs, workdir, signal } = options;
  if (base === undefined) {
    throw new CatalogError({
      code: "UNSUPPORTED",
      message: "Cannot build a catalog database from scratch: no pod could serve it",
      subject: "--format sqlite",
      hint: "Name an image with a server for databases, as in --from registry.redhat.io/openshift4/ose-operator-registry:v4.3.",
    });
  }
  await mkdir(workdir, { recursive: true, mode: 0o700 });
  const directory = await mkdtemp(join(workdir, "database-"));
  try {
    const database = join(directory, "bundles.db");
    const problems = await writeDatabase({ catalog, selected }, database, { repairs, signal });
    return { ...(await buildDatabaseImage({ base, database, platforms, workdir, signal })), problems };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
