import { type Digest, isOciError, type Lister, manifestContents, parseManifest, type Reader, type Writer } from "@skerry/oci";
import type { ImageSetLock } from "../lock/types.ts";
import { targetRepository } from "../plan/destination.ts";
import { pooled } from "../resolve/pool.ts";
import type { HaveList } from "./far-side.ts";

export interface HaveOptions {
  readonly target: string;
  readonly prefix: string;
  readonly maxNestedPaths: number;
  /** Repositories to look at besides those that locks name; missing: those that the registry lists. */
  readonly repositories?: readonly string[];
  readonly locks: readonly ImageSetLock[];
  readonly takenAt: Date;
  readonly signal?: AbortSignal | undefined;
}

type Store = Reader & Pick<Writer, "has"> & Partial<Lister>;

/** Looks what a mirror holds: manifests by repository, and how many bytes of blobs. Digests and repositories, nothing else. */
export async function takeHaveList(store: Store, options: HaveOptions): Promise<HaveList> {
  const names = await repositoriesOf(store, options);
  const blobs = new Map<Digest, number>();
  const repositories: { readonly name: string; readonly manifests: readonly Digest[] }[] = [];
  for await (const row of pooled(names, 8, (name) => manifestsOf(store, name, { blobs, options }))) {
    if (row.manifests.length > 0) repositories.push(row);
  }
  return {
    apiVersion: "skerry.dev/v1",
    kind: "HaveList",
    target: options.target,
    takenAt: options.takenAt.toISOString(),
    repositories,
    blobsBytes: [...blobs.values()].reduce((sum, bytes) => sum + bytes, 0),
  };
}

async function repositoriesOf(store: Store, options: HaveOptions): Promise<string[]> {
  const names = new Set(options.repositories ?? []);
  for (const lock of options.locks) {
    for (const { destination } of lock.images) names.add(targetRepository(options.prefix, destination.repository, options.maxNestedPaths));
  }
  if (options.repositories === undefined && store.repositories !== undefined) {
    try {
      for await (const name of store.repositories({ signal: options.signal })) {
        if (options.prefix === "" || name.startsWith(`${options.prefix}/`)) names.add(name);
      }
    } catch (error) {
      // Many registries list nothing, or not for everybody; the locks name what was mirrored.
      if (!isOciError(error) || error.code === "ABORTED") throw error;
    }
  }
  return [...names].sort();
}

async function manifestsOf(
  store: Store,
  name: string,
  how: { readonly blobs: Map<Digest, number>; readonly options: HaveOptions },
): Promise<{ readonly name: string; readonly manifests: readonly Digest[] }> {
  const found = new Set<Digest>();
  const place = { repository: name };
  const { signal, locks, prefix, maxNestedPaths } = how.options;
  const locked = locks.flatMap((lock) =>
    lock.images.filter(({ destination }) => targetRepository(prefix, destination.repository, maxNestedPaths) === name),
  );
  const isLocked = locked.length > 0;
  async function visit(digest: Digest, mediaType: string, size: number): Promise<void> {
    if (found.has(digest)) return;
    const content = await store.manifest(place, { digest, mediaType, size }, { signal }).catch((error: unknown) => {
      // A sparse index lists children that are not there.
      if (isOciError(error) && error.code === "NOT_FOUND") return undefined;
      throw error;
    });
    if (content === undefined) return;
    found.add(digest);
    const manifest = parseManifest(content.bytes, content.mediaType, digest);
    if (manifest.kind === "index") for (const child of manifest.manifests) await visit(child.digest, child.mediaType, child.size);
    else for (const held of manifestContents(manifest)) how.blobs.set(held.digest, held.size);
    // Where a lock names the referrers, nobody has to be asked for them.
    if (isLocked) return;
    for await (const referrer of store.referrers(place, digest, { signal }))
      await visit(referrer.digest, referrer.mediaType, referrer.size);
  }
  try {
    if (store.tags === undefined) return { name, manifests: [] };
    for await (const tag of store.tags(place, { signal })) {
      const root = await store.resolve(place, tag, { signal });
      if (root !== undefined) await visit(root.digest, root.mediaType, root.size);
    }
    for (const { referrers } of locked) for (const { digest, mediaType, bytes } of referrers) await visit(digest, mediaType, bytes);
  } catch (error) {
    if (!isOciError(error) || error.code !== "NOT_FOUND") throw error;
  }
  return { name, manifests: [...found].sort() };
}
