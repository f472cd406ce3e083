import type { Digest, VolumeReader } from "@skerry/oci";
import type { ImageSetLock } from "../lock/types.ts";
import type { LockedImage } from "../plan/types.ts";
import { contentOf } from "./archive-roots.ts";

/** Images and packages that need content, by origin and name, sorted. */
export interface Affected {
  readonly images: readonly string[];
  readonly packages: readonly string[];
}

/** Tells which images of a lock need which content, out of the manifests that an archive holds. */
export async function affectedBy(
  archive: VolumeReader,
  lock: ImageSetLock,
  digests: ReadonlySet<Digest>,
): Promise<ReadonlyMap<Digest, Affected>> {
  const contents = await contentOf({ lock, source: () => ({ reader: archive, place: { repository: "" } }), externalLayers: "include" });
  const known = new Map<LockedImage, readonly { readonly digest: Digest }[]>();
  for (const { image, manifests, blobs } of contents) known.set(image, [...manifests, ...blobs]);
  const images = new Map<Digest, LockedImage[]>();
  for (const image of lock.images) {
    // An image whose own manifests are damaged is known by what the lock says of it.
    const needs = known.get(image) ?? [image, ...image.children.filter((child) => child.copied), ...image.referrers];
    for (const { digest } of needs) if (digests.has(digest)) images.set(digest, [...(images.get(digest) ?? []), image]);
  }
  return new Map([...images].map(([digest, found]) => [digest, affected(found)]));
}

function affected(images: readonly LockedImage[]): Affected {
  const packages = images.flatMap(({ reasons }) => reasons.flatMap((reason) => (reason.package === undefined ? [] : [reason.package])));
  return { images: [...new Set(images.map(({ origin }) => origin))].sort(), packages: [...new Set(packages)].sort() };
}
