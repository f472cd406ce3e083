import type { Digest } from "@skerry/oci";
import type { LockedImage, MissingImage, PlannedCatalog } from "../plan/types.ts";
import type { Problem } from "../problem/problem.ts";
import { uniqueProblems } from "../problem/problem.ts";
import type { ImageSetLock, LockedResources } from "./types.ts";

export interface LockInput {
  readonly name: string;
  readonly configDigest: Digest;
  readonly createdAt: Date;
  readonly skerryVersion: string;
  readonly platforms: readonly string[];
  readonly referrers: "all" | "none";
  readonly catalogs: readonly PlannedCatalog[];
  readonly images: readonly LockedImage[];
  readonly missing: readonly MissingImage[];
  readonly blobs: readonly { readonly digest: Digest; readonly bytes: number }[];
  readonly resources: LockedResources;
  readonly problems: readonly Problem[];
}

/** Puts a lock together: every list in its order, so that the same inputs make the same bytes. Pure. */
export function buildLock(input: LockInput): ImageSetLock {
  return {
    apiVersion: "skerry.dev/v1",
    kind: "ImageSetLock",
    imageSet: { name: input.name, configDigest: input.configDigest },
    createdAt: input.createdAt.toISOString(),
    skerryVersion: input.skerryVersion,
    platforms: [...input.platforms].sort(),
    referrers: input.referrers,
    catalogs: sorted(input.catalogs, (catalog) => `${catalog.catalog}\0${catalog.targetCatalog}`),
    images: sorted(input.images, imageKey),
    missing: sorted(input.missing, imageKey),
    blobs: sorted(input.blobs, (blob) => blob.digest),
    resources: input.resources,
    problems: uniqueProblems(input.problems),
  };
}

/** Order and identity of an image in a lock. */
export function imageKey(image: Pick<LockedImage, "origin" | "destination">): string {
  return `${image.origin}\0${image.destination.repository}:${image.destination.tag}`;
}

function sorted<Item>(items: readonly Item[], key: (item: Item) => string): readonly Item[] {
  if (isSorted(items, key)) return items;
  return items
    .map((item) => ({ item, key: key(item) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ item }) => item);
}

/** Most lists come in their order, and a lock has one row for each of a hundred thousand blobs. */
function isSorted<Item>(items: readonly Item[], key: (item: Item) => string): boolean {
  let before: string | undefined;
  for (const item of items) {
    const now = key(item);
    if (before !== undefined && before > now) return false;
    before = now;
  }
  return true;
}
