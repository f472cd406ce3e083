import { join } from "node:path";
import { type Digest, type Journal, openJournal } from "@skerry/oci";
import { type BuiltCatalog, BuiltCatalogs } from "../gather/build-catalog.ts";
import { rebuildCatalog } from "../gather/rebuild.ts";
import { Sources } from "../gather/sources.ts";
import type { ImageSetLock } from "../lock/types.ts";
import type { PlannedCatalog } from "../plan/types.ts";
import { Memo } from "../workspace/memo.ts";
import type { RunContext } from "./context.ts";
import { connectedSources, type SourceOf } from "./roots.ts";

/** What a connected run reads from and remembers, opened together and closed together. */
export interface Connected extends AsyncDisposable {
  readonly source: SourceOf;
  readonly journal: Journal;
  /** Catalog images that this workspace built. */
  readonly built: BuiltCatalogs;
}

/** Opens sources, built catalogs and journal of a workspace for one lock. */
export async function openConnected(lock: ImageSetLock, context: RunContext): Promise<Connected> {
  const parts = new AsyncDisposableStack();
  try {
    if (context.source !== undefined) {
      // A part of an archive has its catalogs in the other folder, and holds it open.
      const built = parts.use(await BuiltCatalogs.open(join(context.workspace.cacheDir, "built-again")));
      const journal = parts.use(await openRecord(lock, context));
      return { source: context.source, journal, built, [Symbol.asyncDispose]: () => parts.disposeAsync() };
    }
    const sources = parts.use(new Sources(context.reader, context.manifests));
    const built = parts.use(await BuiltCatalogs.open(join(context.workspace.cacheDir, "built")));
    const journal = parts.use(await openRecord(lock, context));
    const source = connectedSources(lock, {
      sources,
      built,
      baseDir: context.baseDir,
      rebuild: rebuilder(lock, { sources, built, context }),
    });
    return { source, journal, built, [Symbol.asyncDispose]: () => parts.disposeAsync() };
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

/** The record of what is where; it shares the lock's digests. */
function openRecord(lock: ImageSetLock, { workspace }: RunContext): Promise<Journal> {
  const share = (digest: Digest): Digest => findDigest(lock.blobs, digest) ?? digest;
  return openJournal(join(workspace.journalDir, "presence.jsonl"), { share });
}

/** The digest out of a list that is sorted by it. */
function findDigest(blobs: ImageSetLock["blobs"], digest: Digest): Digest | undefined {
  let low = 0;
  for (let high = blobs.length; low < high; ) {
    const middle = (low + high) >>> 1;
    const at = blobs[middle]?.digest;
    if (at === digest) return at;
    if (at !== undefined && at < digest) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

/** Builds catalogs of a lock again, for a workspace that no longer holds them. */
export function rebuilder(
  lock: ImageSetLock,
  parts: {
    readonly sources: Sources;
    readonly built: BuiltCatalogs;
    readonly context: Pick<RunContext, "workspace" | "baseDir" | "signal">;
  },
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
    const { mode, platforms } = catalog;
    const build = { mode, platforms, skerryVersion: lock.skerryVersion, temporaryDir: workspace.temporaryDir, signal };
    return await rebuildCatalog(lock, catalog, { built: parts.built, open, build });
  };
}
