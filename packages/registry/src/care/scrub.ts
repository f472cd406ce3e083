import { join } from "node:path";
import { type Digest, digestAlgorithm, digestHex, Hasher } from "@skerry/oci";
import type { FileSystem } from "../store/files.ts";
import type { RegistryStore } from "../store/store.ts";
import { Pace } from "./pace.ts";
import { allRepositories } from "./references.ts";
import type { DamagedBlob, ScrubReport } from "./report.ts";

const PIECE_BYTES = 1024 * 1024;

/** Somewhere that may hold a right copy of a damaged blob or manifest. */
export interface RepairSource {
  /** Its bytes, unchecked, or undefined when it is not there either. `repositories` held the damaged one. */
  open(digest: Digest, repositories: readonly string[]): Promise<AsyncIterable<Uint8Array> | undefined>;
}

export interface ScrubOptions {
  /** Bytes a second; without it as fast as the disk gives them. */
  readonly rate?: number;
  readonly repairFrom?: RepairSource;
  readonly signal?: AbortSignal | undefined;
}

/** Reads every blob again and takes the damaged ones out of the pool: they count as absent, so that the next push heals them. */
export async function scrub(store: RegistryStore, options: ScrubOptions = {}): Promise<ScrubReport> {
  const pace = new Pace(options.rate);
  const damaged: DamagedBlob[] = [];
  let [checkedBlobs, checkedBytes] = [0, 0];
  for await (const digest of store.blobs.all()) {
    const found = await rehash(store, digest, { pace, signal: options.signal });
    if (found === undefined) continue;
    checkedBlobs += 1;
    checkedBytes += found.size;
    if (found.digest !== digest) damaged.push(await treat(store, { digest, found: found.digest }, options));
  }
  damaged.sort((a, b) => (a.digest < b.digest ? -1 : 1));
  return { endedAt: new Date(store.now()).toISOString(), checkedBlobs, checkedBytes, damaged };
}

/** Undefined when the blob went away meanwhile. */
async function rehash(
  store: RegistryStore,
  digest: Digest,
  { pace, signal }: { pace: Pace; signal: AbortSignal | undefined },
): Promise<{ digest: Digest; size: number } | undefined> {
  const blob = await store.blobs.open(digest);
  if (blob === undefined) return undefined;
  const hasher = new Hasher(digestAlgorithm(digest));
  const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, Math.max(1, blob.size)));
  try {
    for (let got = await blob.read(buffer, 0); got > 0; got = await blob.read(buffer, hasher.size)) {
      hasher.update(buffer.subarray(0, got));
      await pace.spend(got, signal);
    }
  } finally {
    await blob.close();
  }
  return { digest: hasher.digest(), size: hasher.size };
}

async function treat(store: RegistryStore, wrong: { digest: Digest; found: Digest }, options: ScrubOptions): Promise<DamagedBlob> {
  const { digest, found } = wrong;
  const repositories = await holders(store, digest);
  await store.locks.with(digest, () => store.quarantine(digest));
  const repaired = options.repairFrom !== undefined && (await repair(store, options.repairFrom, { digest, repositories }));
  return { digest, found, repositories, outcome: repaired ? "repaired" : "quarantined" };
}

async function holders(store: RegistryStore, digest: Digest): Promise<string[]> {
  const found: string[] = [];
  for (const repository of await allRepositories(store)) {
    const held = (await store.links.has(repository, digest)) || (await store.manifests.get(repository, digest)) !== undefined;
    if (held) found.push(repository);
  }
  return found;
}

async function repair(
  store: RegistryStore,
  source: RepairSource,
  lost: { digest: Digest; repositories: readonly string[] },
): Promise<boolean> {
  try {
    const body = await source.open(lost.digest, lost.repositories);
    return body !== undefined && (await store.restore(lost.digest, body));
  } catch {
    // A source that fails leaves the blob in quarantine, which is what the report says.
    return false;
  }
}

/** A backup, an OCI layout or the root of another registry: each has `blobs/<algorithm>/<hex>`. */
export function repairFromFolder(files: FileSystem, folder: string): RepairSource {
  return {
    async open(digest) {
      const path = join(folder, "blobs", digestAlgorithm(digest), digestHex(digest));
      return (await files.facts(path)) === undefined ? undefined : readFile(files, path);
    },
  };
}

async function* readFile(files: FileSystem, path: string): AsyncGenerator<Uint8Array> {
  const file = await files.open(path, "read");
  try {
    for (let position = 0; ; ) {
      const buffer = Buffer.allocUnsafe(PIECE_BYTES);
      const got = await file.read(buffer, position);
      if (got === 0) return;
      position += got;
      yield buffer.subarray(0, got);
    }
  } finally {
    await file.close();
  }
}
