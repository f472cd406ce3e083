import type { Digest } from "@skerry/oci";
import type { RegistryStore } from "../store/store.ts";
import type { Uploads } from "../store/uploads.ts";
import { allRepositories } from "./references.ts";
import type { StatusReport } from "./report.ts";

/** Counts a store: one walk over its names, none over its bytes. */
export async function storeStatus(store: RegistryStore, uploads: Uploads): Promise<StatusReport> {
  const sizes = new Map<Digest, number>();
  for await (const digest of store.blobs.all()) sizes.set(digest, (await store.blobs.size(digest)) ?? 0);
  let [tags, manifests, repositories, heldBytes] = [0, 0, 0, 0];
  const held = new Set<Digest>();
  for (const repository of await allRepositories(store)) {
    const own = await store.manifests.of(repository);
    if (own.length > 0) repositories += 1;
    manifests += own.length;
    tags += (await store.tagFiles.list(repository)).length;
    for (const digest of new Set([...own, ...(await store.links.of(repository))])) {
      heldBytes += sizes.get(digest) ?? 0;
      held.add(digest);
    }
  }
  const heldOnce = [...held].reduce((sum, digest) => sum + (sizes.get(digest) ?? 0), 0);
  return {
    root: store.layout.root,
    repositories,
    tags,
    manifests,
    blobs: sizes.size,
    uniqueBytes: [...sizes.values()].reduce((sum, size) => sum + size, 0),
    sharedBytes: heldBytes - heldOnce,
    quarantinedBlobs: (await store.durable.files.list(store.layout.quarantine)).length,
    uploads: Math.max(
      uploads.count(),
      (await store.durable.files.list(store.layout.uploads)).filter((name) => name.endsWith(".data")).length,
    ),
    freeBytes: (await store.durable.files.space(store.layout.root)).freeBytes,
  };
}
