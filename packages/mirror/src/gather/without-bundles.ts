import { type BrokenCut, type Catalog, fetchCatalogImage, openCatalog, withoutBundles } from "@skerry/catalog";
import type { OperatorsConfig } from "../config/types.ts";
import type { KeptPackage, PlannedCatalog } from "../plan/types.ts";
import type { BuildContext, BuiltCatalog, BuiltCatalogs } from "./build-catalog.ts";
import { keptPackage } from "./bundles.ts";
import type { CatalogImageSource } from "./open-catalog.ts";
import { selectedByLock } from "./rebuild.ts";

/** A catalog image without some bundles, or the channels that would not stand. */
export type SmallerCatalog =
  | { readonly holds: true; readonly image: BuiltCatalog; readonly packages: readonly KeptPackage[] }
  | { readonly holds: false; readonly broken: readonly BrokenCut[] };

/**
 * Builds a planned catalog again without some bundles, by package, out of the image that was to be pushed: so it can be done
 * on either side of a gap, and what was repaired stays repaired.
 * @throws CatalogError, OciError when the image cannot be read
 */
export async function buildWithoutBundles(
  planned: PlannedCatalog,
  drop: ReadonlyMap<string, ReadonlySet<string>>,
  how: { readonly image: CatalogImageSource; readonly built: BuiltCatalogs; readonly build: BuildContext },
): Promise<SmallerCatalog> {
  const { image, build } = how;
  const fetched = await fetchCatalogImage(image, { workdir: build.temporaryDir, name: planned.catalog, signal: build.signal });
  try {
    const catalog = await openCatalog(fetched.path, {
      name: planned.catalog,
      workdir: build.temporaryDir,
      ...(build.signal === undefined ? {} : { signal: build.signal }),
    });
    try {
      return await smaller(planned, drop, { ...how, catalog });
    } finally {
      await catalog.close();
    }
  } finally {
    await fetched.close();
  }
}

async function smaller(
  planned: PlannedCatalog,
  drop: ReadonlyMap<string, ReadonlySet<string>>,
  how: {
    readonly image: CatalogImageSource;
    readonly built: BuiltCatalogs;
    readonly build: BuildContext;
    readonly catalog: Catalog;
  },
): Promise<SmallerCatalog> {
  const { catalog, image } = how;
  const result = withoutBundles(selectedByLock(catalog, planned), drop);
  if (!result.holds) return result;
  const { selected } = result;
  const packages = selected.packages.map((chosen) => keptPackage(catalog, chosen));
  const format = planned.mode === "database" ? ("sqlite" as const) : ("fbc" as const);
  const opened = { catalog, image, hasServer: planned.mode === "over-source", format, problems: [] };
  const built = await how.built.of(
    { entry: entryOf(planned), opened, selected, requests: [], packages, references: [], problems: [] },
    how.build,
  );
  return { holds: true, image: built, packages };
}

/** The entry as far as a build looks at it. */
function entryOf(planned: PlannedCatalog): OperatorsConfig {
  return {
    catalog: planned.catalog,
    source: { kind: "path", path: planned.catalog },
    selection: {},
    skipDependencies: true,
    platforms: [],
    position: { line: 0, column: 0 },
  };
}
