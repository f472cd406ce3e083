import { join } from "node:path";
import {
  type Gates,
  type Mounter,
  openJournal,
  type Reader,
  type TransferEvent,
  type TransferReport,
  transfer,
  type Writer,
} from "@skerry/oci";
import { type BuiltCatalog, BuiltCatalogs } from "../gather/build-catalog.ts";
import { rebuildCatalog } from "../gather/rebuild.ts";
import { Sources } from "../gather/sources.ts";
import type { ImageSetLock } from "../lock/types.ts";
import type { LockedImage, PlannedCatalog } from "../plan/types.ts";
import { Memo } from "../workspace/memo.ts";
import type { RunContext } from "./context.ts";
import { CatalogGuards, type PartialCatalog } from "./guard.ts";
import { connectedSources, lockRoots, type SourceOf } from "./roots.ts";

/** A target registry. */
export interface MirrorTarget {
  readonly store: Reader & Writer & Partial<Mounter>;
  readonly host: string;
  readonly prefix: string;
  readonly maxNestedPaths: number;
}

export interface MirrorOptions {
  readonly partialCatalog: PartialCatalog;
  /** Trusts no record of earlier runs and looks at every child. */
  readonly recheck: boolean;
  readonly externalLayers: "keep" | "include";
  readonly gates?: Gates | undefined;
  /** The images that take part; missing: all. */
  readonly only?: (image: LockedImage) => boolean;
  /** Where images are read from; missing: their own registries and this workspace. */
  readonly source?: SourceOf;
  readonly onEvent?: ((event: TransferEvent) => void) | undefined;
}

/**
 * Brings the images of a lock to a registry: what is there already costs one look, what is missing moves once, catalogs go last.
 * Ends with a report; images that failed are values in it.
 */
export async function mirrorLock(
  lock: ImageSetLock,
  target: MirrorTarget,
  how: { readonly options: MirrorOptions; readonly context: RunContext },
): Promise<TransferReport> {
  const { options, context } = how;
  await using sources = new Sources(context.reader, context.manifests);
  await using built = await BuiltCatalogs.open(join(context.workspace.cacheDir, "built"));
  await using journal = await openJournal(join(context.workspace.journalDir, "presence.jsonl"));
  const source =
    options.source ??
    connectedSources(lock, { sources, built, baseDir: context.baseDir, rebuild: rebuilder(lock, { sources, built, context }) });
  const roots = lockRoots({
    lock,
    source,
    prefix: target.prefix,
    maxNestedPaths: target.maxNestedPaths,
    guards: new CatalogGuards(lock, options.partialCatalog),
    ...(options.only === undefined ? {} : { only: options.only }),
  });
  return await transfer([...roots], target.store, {
    gates: options.gates,
    journal,
    recheck: options.recheck,
    externalLayers: options.externalLayers,
    signal: context.signal,
    onEvent: options.onEvent,
  });
}

/** Builds catalogs of a lock again, for a workspace that no longer holds them. */
function rebuilder(
  lock: ImageSetLock,
  parts: { readonly sources: Sources; readonly built: BuiltCatalogs; readonly context: RunContext },
): (catalog: PlannedCatalog) => Promise<BuiltCatalog> {
  const { workspace, baseDir, signal } = parts.context;
  const open = {
    sources: parts.sources,
    memo: new Memo(join(workspace.cacheDir, "memo")),
    catalogsDir: join(workspace.cacheDir, "catalogs"),
    temporaryDir: workspace.temporaryDir,
    baseDir,
    signal,
  };
  return async (catalog) => {
    const build = {
      mode: catalog.mode,
      platforms: catalog.platforms,
      skerryVersion: lock.skerryVersion,
      temporaryDir: workspace.temporaryDir,
      signal,
    };
    return await rebuildCatalog(lock, catalog, { built: parts.built, open, build });
  };
}
