import { join } from "node:path";
import { type ContentPlace, type Digest, DigestPool, isOciError, type ManifestCache } from "@skerry/oci";
import { isMirrorError } from "../errors.ts";
import { BuiltCatalogs } from "../gather/build-catalog.ts";
import { Sources } from "../gather/sources.ts";
import type { ImageSetLock } from "../lock/types.ts";
import type { LockedImage, PlannedCatalog } from "../plan/types.ts";
import { rebuilder } from "../run/connected.ts";
import { connectedSources } from "../run/roots.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { Holdings } from "./holdings.ts";

export interface PlacesContext {
  readonly workspace: Workspace;
  readonly manifests: ManifestCache;
  readonly signal?: AbortSignal | undefined;
}

/** Content that another tool left on a disk, as the source of everything that a lock names. Close it after the run. */
export interface PlacesSource extends AsyncDisposable {
  readonly holdings: Holdings;
  /** True for a catalog that was filtered here, out of the published image among the content. */
  builds(image: LockedImage): boolean;
}

/**
 * Takes a lock's content from wherever its digests lie: names and repositories of the other tool do not matter. A catalog that
 * the lock filtered is filtered again where the published one is at hand.
 */
export async function openPlacesSource(lock: ImageSetLock, places: readonly ContentPlace[], context: PlacesContext): Promise<PlacesSource> {
  const pool = new DigestPool(places);
  const sizes = new Map(lock.blobs.map(({ digest, bytes }) => [digest, bytes]));
  const holds = async (digest: Digest): Promise<boolean> => {
    for (const { content } of places) {
      const size = await content.size(digest);
      if (size !== undefined && size === (sizes.get(digest) ?? size)) return true;
    }
    return false;
  };
  const { workspace, signal } = context;
  const parts = new AsyncDisposableStack();
  try {
    const sources = parts.use(new Sources(() => pool, context.manifests));
    const built = parts.use(await BuiltCatalogs.open(join(workspace.cacheDir, "built")));
    const rebuild = rebuilder(lock, { sources, built, context: { workspace, baseDir: workspace.dir, signal } });
    const filtered = new Set<Digest>();
    for (const catalog of lock.catalogs) {
      if (catalog.unchanged || (await holds(catalog.targetDigest))) continue;
      if (await canBuild(catalog, rebuild)) filtered.add(catalog.targetDigest);
    }
    const connected = connectedSources(lock, { sources, built, baseDir: workspace.dir, rebuild });
    const builds = (image: LockedImage): boolean => image.kind === "catalog" && filtered.has(image.digest);
    return {
      builds,
      holdings: {
        // A request leaves this side: it names no folder.
        name: lock.imageSet.name,
        where: pool.name,
        source: (image) => (builds(image) ? connected(image) : { reader: pool, place: { repository: "" } }),
        holds,
        lacking: new Map(),
        isAnswer: false,
        relies: [],
      },
      [Symbol.asyncDispose]: () => parts.disposeAsync(),
    };
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

/** Filters a catalog again; false when the published image is not at hand, or gives another one: then it is a gap like others. */
async function canBuild(catalog: PlannedCatalog, rebuild: (catalog: PlannedCatalog) => Promise<unknown>): Promise<boolean> {
  try {
    await rebuild(catalog);
    return true;
  } catch (error) {
    if (isOciError(error) && error.code === "NOT_FOUND") return false;
    if (isMirrorError(error) && error.code === "LOCK_DIFFERS") return false;
    throw error;
  }
}
