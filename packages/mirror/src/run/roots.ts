import { type Place, parsePlatform, parseReference, platformFilter, type Reader, type Root, type RootOutcome } from "@skerry/oci";
import type { BuiltCatalogs } from "../gather/build-catalog.ts";
import { lazyReader } from "../gather/lazy-reader.ts";
import { overlaidReader } from "../gather/overlaid-reader.ts";
import type { Sources } from "../gather/sources.ts";
import { imageKey } from "../lock/build.ts";
import type { ImageSetLock } from "../lock/types.ts";
import { targetRepository } from "../plan/destination.ts";
import type { LockedImage, PlannedCatalog } from "../plan/types.ts";
import { knownReferrers } from "../resolve/known.ts";
import { layoutSource, registrySource } from "../resolve/source.ts";
import type { CatalogGuards } from "./guard.ts";

/** Opens the place that an image of a lock is read from. */
export type SourceOf = (image: LockedImage) => { readonly reader: Reader; readonly place: Place };

export interface RootsInput {
  readonly lock: ImageSetLock;
  /** Positions of the images that take part; missing: all. */
  readonly only?: (image: LockedImage) => boolean;
  readonly source: SourceOf;
  readonly prefix: string;
  readonly maxNestedPaths: number;
  readonly guards: CatalogGuards;
  /** Brings the content and names none of it. */
  readonly untagged?: boolean | undefined;
}

/** The roots of a lock in its order, catalogs in a later phase. Identity is {@link imageKey}. */
export function* lockRoots(input: RootsInput): Generator<Root> {
  for (const image of input.lock.images) {
    if (input.only?.(image) === false) continue;
    const isCatalog = image.kind === "catalog";
    const { reader, place } = input.source(image);
    const guard = isCatalog && input.untagged !== true ? input.guards.of(image) : undefined;
    yield {
      id: imageKey(image),
      source: reader,
      from: place,
      descriptor: { mediaType: image.mediaType, digest: image.digest, size: image.manifestBytes },
      to: { repository: targetRepository(input.prefix, image.destination.repository, input.maxNestedPaths) },
      tags: input.untagged === true ? [] : [image.destination.tag],
      phase: isCatalog ? 1 : 0,
      ...(image.platforms.length === 0 ? {} : { platforms: platformFilter(image.platforms.map(parsePlatform)) }),
      referrers: input.lock.referrers,
      ...(input.lock.referrers === "all" ? { known: knownReferrers(image) } : {}),
      ...(guard === undefined ? {} : { guard: (outcomes: ReadonlyMap<string, RootOutcome>) => guard(outcomes) }),
    };
  }
}

export interface ConnectedParts {
  readonly sources: Sources;
  readonly built: BuiltCatalogs;
  readonly baseDir: string;
  /** Builds a catalog image again that the workspace no longer holds. */
  readonly rebuild: (catalog: PlannedCatalog) => Promise<{ readonly reader: Reader; readonly place: Place }>;
}

/** Sources of a connected run: registries and layouts, and the workspace for catalogs that were built. */
export function connectedSources(lock: ImageSetLock, parts: ConnectedParts): SourceOf {
  return (image) => {
    if (image.kind === "catalog" && !isUnchanged(lock, image))
      return { reader: builtReader(lock, image, parts), place: { repository: "" } };
    return image.origin.startsWith("oci:")
      ? layoutSource(image.origin, parts)
      : registrySource(image.origin, (host) => parts.sources.registry(host));
  };
}

function builtReader(lock: ImageSetLock, image: LockedImage, parts: ConnectedParts): Reader {
  const catalog = lock.catalogs.find((one) => one.targetDigest === image.digest);
  const reference = image.origin.startsWith("oci:") ? undefined : parseReference(image.origin);
  // Blobs of the source image travel through its host's gate.
  return lazyReader({ name: image.origin, host: reference?.registry }, async () => {
    const own = { reader: parts.built.reader, place: { repository: "" } };
    if (catalog === undefined) return own;
    if ((await parts.built.find(image.digest)) === undefined) return await parts.rebuild(catalog);
    if (catalog.digest === undefined || reference === undefined || catalog.mode === "scratch") return own;
    const source = {
      ...registrySource(image.origin, (host) => parts.sources.registry(host)),
      descriptor: { mediaType: "", digest: catalog.digest, size: 0 },
    };
    return { reader: overlaidReader(parts.built.layout, own.place, source), place: own.place };
  });
}

function isUnchanged(lock: ImageSetLock, image: LockedImage): boolean {
  return lock.catalogs.some((catalog) => catalog.targetDigest === image.digest && catalog.unchanged);
}
