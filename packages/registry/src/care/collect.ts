import type { Digest } from "@skerry/oci";
import type { RegistryStore } from "../store/store.ts";
import type { Uploads } from "../store/uploads.ts";
import { allRepositories, referencesOf } from "./references.ts";
import type { CollectionReport } from "./report.ts";

export interface CollectOptions {
  readonly dryRun?: boolean;
  /** Only what is older is taken. */
  readonly graceMs: number;
  readonly signal?: AbortSignal | undefined;
}

interface Collection {
  readonly store: RegistryStore;
  readonly options: CollectOptions;
  /** Everything that a push pinned, linked or mounted since the collection began. */
  readonly touched: Set<Digest>;
  /** What repositories hold. */
  readonly held: Set<Digest>;
  links: number;
  blobs: number;
  freedBytes: number;
  waiting: number;
}

/**
 * Takes away what nobody uses, while the registry serves: first each repository's blobs that none of its manifests names,
 * then the pool's blobs that no repository holds. Manifests stay, tagged or not.
 */
export async function collect(store: RegistryStore, uploads: Uploads, options: CollectOptions): Promise<CollectionReport> {
  const run: Collection = { store, options, touched: new Set(), held: new Set(), links: 0, blobs: 0, freedBytes: 0, waiting: 0 };
  using _watch = store.inUse.watch(run.touched);
  for (const repository of await allRepositories(store)) {
    options.signal?.throwIfAborted();
    await sweepRepository(run, repository);
  }
  await sweepPool(run);
  const abandoned = options.dryRun === true ? 0 : await uploads.removeAbandoned();
  const { links, blobs, freedBytes, waiting } = run;
  return {
    dryRun: options.dryRun === true,
    endedAt: new Date(store.now()).toISOString(),
    links,
    blobs,
    freedBytes,
    uploads: abandoned,
    waiting,
  };
}

async function sweepRepository(run: Collection, repository: string): Promise<void> {
  const manifests = await run.store.manifests.of(repository);
  for (const digest of manifests) run.held.add(digest);
  const links = await run.store.links.of(repository);
  const named = await referencesOf(run.store, repository, manifests);
  for (const digest of links) {
    if (named === undefined || named.has(digest) || !(await sweepLink(run, repository, digest))) run.held.add(digest);
  }
}

/** True when the link is gone, or in a dry run would be. */
async function sweepLink(run: Collection, repository: string, digest: Digest): Promise<boolean> {
  const { store, options, touched } = run;
  return store.locks.with(digest, async () => {
    const usedAt = await store.links.usedAt(repository, digest);
    if (usedAt === undefined) return true;
    const { inUse } = store;
    // The note on disk is 0 when a manifest that named the blob was deleted: then no push waits for it.
    const young = store.now() - usedAt < Math.max(options.graceMs, inUse.leaseMs);
    if (touched.has(digest) || inUse.isPinned(digest) || inUse.isLeased(repository, digest) || young) {
      run.waiting += 1;
      return false;
    }
    run.links += 1;
    if (options.dryRun === true) return true;
    await store.links.remove(repository, digest);
    inUse.swept(repository, digest);
    return true;
  });
}

async function sweepPool(run: Collection): Promise<void> {
  for await (const digest of run.store.blobs.all()) {
    run.options.signal?.throwIfAborted();
    if (!run.held.has(digest)) await sweepBlob(run, digest);
  }
}

async function sweepBlob(run: Collection, digest: Digest): Promise<void> {
  const { store, options, touched } = run;
  await store.locks.with(digest, async () => {
    const facts = await store.blobs.facts(digest);
    if (facts === undefined) return;
    if (touched.has(digest) || store.inUse.isPinned(digest) || Math.max(0, store.now() - facts.changedAt) < options.graceMs) {
      run.waiting += 1;
      return;
    }
    run.blobs += 1;
    run.freedBytes += facts.size;
    if (options.dryRun !== true) await store.blobs.remove(digest);
  });
}
