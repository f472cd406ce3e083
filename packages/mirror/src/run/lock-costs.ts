import { type Digest, isOciError, parsePlatform, platformFilter, walkImage } from "@skerry/oci";
import type { ImageSetLock } from "../lock/types.ts";
import { CostCounter } from "../plan/costs.ts";
import type { LockedImage, OperatorCost } from "../plan/types.ts";
import { knownReferrers } from "../resolve/known.ts";
import { pooled } from "../resolve/pool.ts";
import type { SourceOf } from "./roots.ts";

/** Digests of an image's manifests and of its blobs, with their sizes. */
export interface LockedContent {
  readonly manifests: readonly (readonly [Digest, number])[];
  readonly blobs: readonly (readonly [Digest, number])[];
}

/** What travels with a locked image, out of manifests that were read before: nothing is asked of a source that a cache can answer. */
export async function lockedContent(
  lock: Pick<ImageSetLock, "referrers">,
  image: LockedImage,
  how: { readonly source: SourceOf; readonly signal?: AbortSignal | undefined },
): Promise<LockedContent> {
  const { reader, place } = how.source(image);
  const root = { mediaType: image.mediaType, digest: image.digest, size: image.manifestBytes };
  const graph = await walkImage(reader, place, root, {
    ...(image.platforms.length === 0 ? {} : { platforms: platformFilter(image.platforms.map(parsePlatform)) }),
    referrers: lock.referrers,
    ...(lock.referrers === "all" ? { known: knownReferrers(image) } : {}),
    signal: how.signal,
  });
  return {
    manifests: graph.manifests.filter((entry) => entry.copied).map((entry) => [entry.descriptor.digest, entry.descriptor.size]),
    blobs: [...graph.blobs.values()].map((blob) => [blob.digest, blob.size]),
  };
}

/** What the packages of a lock cost. */
export interface LockCosts {
  readonly operators: readonly OperatorCost[];
  /** Distinct manifests. */
  readonly manifests: number;
}

/** What each package of a lock costs, and how many distinct manifests the lock has. */
export async function countCosts(lock: ImageSetLock, source: SourceOf, signal: AbortSignal | undefined): Promise<LockCosts> {
  const counter = new CostCounter();
  const manifests = new Set<Digest>();
  const contents = pooled(lock.images, 32, async (image) => ({ image, content: await contentThere(lock, image, { source, signal }) }));
  for await (const { image, content } of contents) {
    for (const [digest] of content.manifests) manifests.add(digest);
    counter.add({ reasons: image.reasons, content: [...content.manifests, ...content.blobs] });
  }
  return { operators: counter.operators(), manifests: manifests.size };
}

/** Counts the bytes of a lock's images and its blobs again, for one whose images are not those of its plan. */
export async function recounted(lock: ImageSetLock, source: SourceOf, signal: AbortSignal | undefined): Promise<ImageSetLock> {
  const counter = new CostCounter();
  const images: LockedImage[] = [];
  const contents = pooled(lock.images, 32, async (image) => ({ image, content: await contentThere(lock, image, { source, signal }) }));
  for await (const { image, content } of contents) {
    images.push({ ...image, ...counter.add({ reasons: image.reasons, content: [...content.manifests, ...content.blobs] }) });
  }
  return { ...lock, images, blobs: counter.blobs() };
}

/** An archive may lack an image; what is not there costs nothing and fails when it is copied. */
async function contentThere(
  lock: Pick<ImageSetLock, "referrers">,
  image: LockedImage,
  how: { readonly source: SourceOf; readonly signal?: AbortSignal | undefined },
): Promise<LockedContent> {
  try {
    return await lockedContent(lock, image, how);
  } catch (error) {
    if (isOciError(error) && error.code === "NOT_FOUND") return { manifests: [], blobs: [] };
    throw error;
  }
}
