import { type Digest, type PresenceRecord, parsePlatform, platformFilter } from "@skerry/oci";
import type { ImageSetLock } from "../lock/types.ts";
import { targetRepository } from "../plan/destination.ts";
import type { Presence } from "../plan/document.ts";
import type { LockedImage } from "../plan/types.ts";
import { pooled } from "../resolve/pool.ts";
import { type VerifiedStore, verifyLock } from "../verify/verify.ts";
import { lockedContent } from "./lock-costs.ts";
import type { SourceOf } from "./roots.ts";

/** What a look at a target says about a lock. */
export interface TargetState {
  /** By position in the lock's images. */
  readonly present: readonly Presence[];
  /** Bytes of the lock that need not move. */
  readonly presentBytes: number;
}

export interface TargetLook {
  readonly store: VerifiedStore;
  readonly prefix: string;
  readonly maxNestedPaths: number;
  readonly journal: PresenceRecord;
  readonly recheck: boolean;
  readonly source: SourceOf;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Looks what of a lock is at a target: one look at each root; where no record of an earlier run covers it, at everything below it.
 */
export async function lookAtTarget(lock: ImageSetLock, look: TargetLook): Promise<TargetState> {
  const present: boolean[] = [];
  const here = new Set<Digest>();
  const absent = new Map<Digest, number>();
  const looked = pooled(lock.images, 32, async (image) => ({
    image,
    there: await isThere(lock, image, look),
    content: await lockedContent(lock, image, look),
  }));
  for await (const { there, content } of looked) {
    present.push(there);
    for (const [digest, bytes] of [...content.manifests, ...content.blobs]) {
      if (there) here.add(digest);
      else absent.set(digest, bytes);
    }
  }
  let moveBytes = 0;
  // What another image at the target has is mounted, not moved.
  for (const [digest, bytes] of absent) if (!here.has(digest)) moveBytes += bytes;
  const uniqueBytes = lock.blobs.reduce((sum, blob) => sum + blob.bytes, 0);
  return { present, presentBytes: Math.max(0, uniqueBytes - moveBytes) };
}

async function isThere(lock: ImageSetLock, image: LockedImage, look: TargetLook): Promise<boolean> {
  const repository = targetRepository(look.prefix, image.destination.repository, look.maxNestedPaths);
  const found = await look.store.resolve({ repository }, image.destination.tag, { signal: look.signal });
  if (found?.digest !== image.digest) return false;
  const platforms = image.platforms.length === 0 ? undefined : platformFilter(image.platforms.map(parsePlatform));
  const known = lock.referrers === "all" ? image.referrers.map((referrer) => referrer.digest) : undefined;
  const asked = { digest: image.digest, platforms, referrers: lock.referrers, known };
  if (!look.recheck && look.journal.covers(look.store.name, repository, asked)) return true;
  const report = await verifyLock({ ...lock, images: [image], missing: [] }, look.store, {
    target: look.store.name,
    prefix: look.prefix,
    maxNestedPaths: look.maxNestedPaths,
    deep: false,
    signal: look.signal,
  });
  return report.result === "ok";
}
