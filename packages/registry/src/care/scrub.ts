import { join } from "node:path";
import { type Digest, digestAlgorithm, digestHex, Hasher } from "@skerry/oci";
import type { OpenBlob } from "../store/content.ts";
import type { FileSystem } from "../store/files.ts";
import { namedDescriptor } from "../store/named-descriptor.ts";
import type { RegistryStore } from "../store/store.ts";
import { Pace } from "./pace.ts";
import { allRepositories } from "./references.ts";
import type { DamagedBlob, ScrubReport } from "./report.ts";

const PIECE_BYTES = 1024 * 1024;

/** What is damaged. */
export interface LostBlob {
  readonly digest: Digest;
  /** Where it was. */
  readonly repositories: readonly string[];
  /** Bytes it should have, when a manifest says. */
  readonly size: number | undefined;
}

/** Somewhere that may hold a right copy of a damaged blob or manifest. */
export interface RepairSource {
  /** Its bytes, unchecked, or undefined when it is not there either. */
  open(lost: LostBlob): Promise<AsyncIterable<Uint8Array> | undefined>;
}

export interface ScrubOptions {
  /** Bytes a second; without it as fast as the disk gives them. */
  readonly rate?: number;
  readonly repairFrom?: RepairSource;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads every blob again and takes the damaged ones out of the pool: they count as absent, so that the next push heals them.
 * Those that an earlier scrub took out, and nobody has healed, are damaged still.
 */
export async function scrub(store: RegistryStore, options: ScrubOptions = {}): Promise<ScrubReport> {
  const pace = new Pace(options.rate);
  const damaged = await stillInQuarantine(store, { pace, signal: options.signal }, options);
  let [checkedBlobs, checkedBytes] = [0, 0];
  for await (const digest of store.blobs.all()) {
    const found = await rehash(await store.blobs.open(digest), digest, { pace, signal: options.signal });
    if (found === undefined) continue;
    checkedBlobs += 1;
    checkedBytes += found.size;
    if (found.digest !== digest) damaged.push(await treat(store, { digest, found: found.digest }, options));
  }
  damaged.sort((a, b) => (a.digest < b.digest ? -1 : 1));
  return { endedAt: new Date(store.now()).toISOString(), checkedBlobs, checkedBytes, damaged };
}

/** Looks anew for right copies of what is in quarantine and was not healed, as long as a repository wants it. */
async function stillInQuarantine(store: RegistryStore, reading: Reading, options: ScrubOptions): Promise<DamagedBlob[]> {
  const lost: DamagedBlob[] = [];
  for (const digest of await store.blobs.quarantined()) {
    options.signal?.throwIfAborted();
    if ((await store.blobs.size(digest)) !== undefined) continue;
    const repositories = await holders(store, digest);
    if (repositories.length === 0) continue;
    const found = await rehash(await store.blobs.openQuarantined(digest), digest, reading);
    if (found === undefined) continue;
    lost.push({ digest, found: found.digest, repositories, outcome: await outcomeOf(store, { digest, repositories }, options) });
  }
  return lost;
}

interface Reading {
  readonly pace: Pace;
  readonly signal: AbortSignal | undefined;
}

/** Undefined when the blob went away meanwhile. */
async function rehash(
  blob: OpenBlob | undefined,
  digest: Digest,
  { pace, signal }: Reading,
): Promise<{ digest: Digest; size: number } | undefined> {
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
  return { digest, found, repositories, outcome: await outcomeOf(store, { digest, repositories }, options) };
}

async function outcomeOf(
  store: RegistryStore,
  lost: Omit<LostBlob, "size">,
  { repairFrom }: ScrubOptions,
): Promise<DamagedBlob["outcome"]> {
  if (repairFrom === undefined) return "quarantined";
  const size = await rightSize(store, lost);
  return (await repair(store, repairFrom, { ...lost, size })) ? "repaired" : "quarantined";
}

/** The damaged file may have any size. */
async function rightSize(store: RegistryStore, { digest, repositories }: Omit<LostBlob, "size">): Promise<number | undefined> {
  for (const repository of repositories) {
    const named = await namedDescriptor(store, repository, digest);
    if (named !== undefined) return named.size;
  }
  return undefined;
}

async function holders(store: RegistryStore, digest: Digest): Promise<string[]> {
  const found: string[] = [];
  for (const repository of await allRepositories(store)) {
    const held = (await store.links.has(repository, digest)) || (await store.manifests.get(repository, digest)) !== undefined;
    if (held) found.push(repository);
  }
  return found;
}

async function repair(store: RegistryStore, source: RepairSource, lost: LostBlob): Promise<boolean> {
  try {
    const body = await source.open(lost);
    return body !== undefined && (await store.restore(lost.digest, body));
  } catch {
    // A source that fails leaves the blob in quarantine, which is what the report says.
    return false;
  }
}

/** A backup, an OCI layout or the root of another registry: each has `blobs/<algorithm>/<hex>`. */
export function repairFromFolder(files: FileSystem, folder: string): RepairSource {
  return {
    async open({ digest }) {
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
