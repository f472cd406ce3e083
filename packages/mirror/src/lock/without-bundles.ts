import type { LockedImage, PlannedCatalog, Reason } from "../plan/types.ts";
import type { Problem } from "../problem/problem.ts";
import { buildLock, imageKey } from "./build.ts";
import type { ImageSetLock } from "./types.ts";

/** A catalog of a lock as it was pushed without some bundles. */
export interface ReducedCatalog {
  readonly before: PlannedCatalog;
  readonly after: PlannedCatalog;
  /** Its image at the key of the one that was planned. */
  readonly image: LockedImage;
  /** Bundles that are left out, by package. */
  readonly dropped: ReadonlyMap<string, ReadonlySet<string>>;
  readonly problems: readonly Problem[];
}

/** The lock with every image that was asked for, its catalogs replaced by those that were pushed. Pure. */
export function withReducedCatalogs(lock: ImageSetLock, reduced: readonly ReducedCatalog[]): ImageSetLock {
  const images = new Map(reduced.map((one) => [imageKey(one.image), one.image]));
  const catalogs = new Map(reduced.map((one) => [one.before, one.after]));
  return {
    ...lock,
    catalogs: lock.catalogs.map((catalog) => catalogs.get(catalog) ?? catalog),
    images: lock.images.map((image) => images.get(imageKey(image)) ?? image),
    problems: [...lock.problems, ...reduced.flatMap((one) => one.problems)],
  };
}

/**
 * The lock of what the pushed catalogs promise: images that nothing but left out bundles needed are in it no more. Bytes and
 * blobs are for the caller to count again. Pure.
 */
export function withoutDropped(lock: ImageSetLock, reduced: readonly ReducedCatalog[]): ImageSetLock {
  const dropped = new Map(reduced.map((one) => [one.before.catalog, one.dropped]));
  const stays = (reason: Reason): boolean =>
    reason.bundle === undefined ||
    dropped
      .get(reason.catalog ?? "")
      ?.get(reason.package ?? "")
      ?.has(reason.bundle) !== true;
  const needed = <Item extends { readonly reasons: readonly Reason[] }>(items: readonly Item[]): Item[] =>
    items.flatMap((item) => {
      const reasons = item.reasons.filter(stays);
      return reasons.length === 0 ? [] : [{ ...item, reasons }];
    });
  const full = withReducedCatalogs(lock, reduced);
  return buildLock({
    ...full,
    ...full.imageSet,
    createdAt: new Date(full.createdAt),
    images: needed(full.images),
    missing: needed(full.missing),
  });
}
