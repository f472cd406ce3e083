import { type Digest, isOciError, manifestContents, parseManifest, type VolumeReader } from "@skerry/oci";
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

/**
 * The same where the lock itself is lost: out of the names that the contents file has, and of the manifests that can still be
 * read. Packages are not known then.
 */
export async function imagesBehind(archive: VolumeReader, digests: ReadonlySet<Digest>): Promise<ReadonlyMap<Digest, Affected>> {
  const names = new Map<Digest, Set<string>>();
  for (const root of archive.contents.roots) {
    for (const digest of await reachable(archive, root)) {
      if (digests.has(digest)) names.set(digest, (names.get(digest) ?? new Set()).add(root.name));
    }
  }
  return new Map([...names].map(([digest, found]) => [digest, { images: [...found].sort(), packages: [] }]));
}

/** What an image consists of, as far as its manifests can be read. */
async function reachable(archive: VolumeReader, root: { readonly digest: Digest; readonly mediaType: string }): Promise<Set<Digest>> {
  const found = new Set<Digest>();
  const waiting = [root];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next.digest)) continue;
    found.add(next.digest);
    if (!archive.holds(next.digest)) continue;
    try {
      const { bytes, mediaType } = await archive.manifest({ repository: "" }, { ...next, size: 0 });
      const manifest = parseManifest(bytes, mediaType, next.digest);
      if (manifest.kind === "index") waiting.push(...manifest.manifests);
      else for (const { digest } of manifestContents(manifest)) found.add(digest);
    } catch (error) {
      // What a lost manifest holds is not known; that it is lost concerns its image.
      if (!isOciError(error)) throw error;
    }
  }
  return found;
}

function affected(images: readonly LockedImage[]): Affected {
  const packages = images.flatMap(({ reasons }) => reasons.flatMap((reason) => (reason.package === undefined ? [] : [reason.package])));
  return { images: [...new Set(images.map(({ origin }) => origin))].sort(), packages: [...new Set(packages)].sort() };
}
