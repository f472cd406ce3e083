import type { ImageSetLock } from "./types.ts";

/** What comes and goes between two locks. */
export interface LockDifference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Origins whose digest moved. */
  readonly changed: readonly { readonly origin: string; readonly from: string; readonly to: string }[];
  readonly bundles: { readonly added: readonly string[]; readonly removed: readonly string[] };
  readonly addedBytes: number;
  readonly removedBytes: number;
}

/** Compares two locks by origin, bundle and blob. Lists are sorted. */
export function diffLocks(before: ImageSetLock | undefined, after: ImageSetLock): LockDifference {
  const old = new Map((before?.images ?? []).map((image) => [image.origin, image.digest]));
  const now = new Map(after.images.map((image) => [image.origin, image.digest]));
  const changed = [...now].flatMap(([origin, digest]) => {
    const from = old.get(origin);
    return from === undefined || from === digest ? [] : [{ origin, from, to: digest }];
  });
  const oldBundles = bundleNames(before);
  const newBundles = bundleNames(after);
  return {
    added: only(now.keys(), old),
    removed: only(old.keys(), now),
    changed: changed.sort((a, b) => (a.origin < b.origin ? -1 : 1)),
    bundles: { added: only(newBundles, oldBundles), removed: only(oldBundles, newBundles) },
    addedBytes: bytesOf(after.blobs, before?.blobs ?? []),
    removedBytes: bytesOf(before?.blobs ?? [], after.blobs),
  };
}

/** True when nothing came, went or moved. */
export function isSame(difference: LockDifference): boolean {
  const { added, removed, changed, bundles } = difference;
  return added.length + removed.length + changed.length + bundles.added.length + bundles.removed.length === 0;
}

function bundleNames(lock: ImageSetLock | undefined): Set<string> {
  const names = (lock?.catalogs ?? []).flatMap((catalog) =>
    catalog.packages.flatMap((pkg) =>
      pkg.channels.flatMap((channel) => channel.versions.map((version) => `${pkg.name}/${version.bundle}`)),
    ),
  );
  return new Set(names);
}

function only(names: Iterable<string>, other: { has(name: string): boolean }): string[] {
  return [...names].filter((name) => !other.has(name)).sort();
}

function bytesOf(blobs: ImageSetLock["blobs"], without: ImageSetLock["blobs"]): number {
  if (blobs.length === 0 || blobs === without) return 0;
  const others = new Set(without.map((blob) => blob.digest));
  let sum = 0;
  for (const { digest, bytes } of blobs) if (!others.has(digest)) sum += bytes;
  return sum;
}
