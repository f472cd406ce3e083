import { type Digest, parsePlatform, parseReference, platformFilter, type Root, walkImage } from "@skerry/oci";
import type { ImageSetLock } from "../lock/types.ts";
import type { LockedImage } from "../plan/types.ts";
import { knownReferrers } from "../resolve/known.ts";
import { pooled } from "../resolve/pool.ts";
import { CatalogGuards } from "../run/guard.ts";
import { lockRoots, type SourceOf } from "../run/roots.ts";

/** What an archive is to hold. */
export interface ArchiveSelection {
  readonly lock: ImageSetLock;
  readonly source: SourceOf;
  /** Images that take part; missing: all. */
  readonly only?: ((image: LockedImage) => boolean) | undefined;
  readonly externalLayers: "keep" | "include";
  readonly signal?: AbortSignal | undefined;
}

/** Manifests of one image and the blobs that they hold. */
export interface ImageContent {
  readonly image: LockedImage;
  /** Contents before what holds them. */
  readonly manifests: readonly { readonly digest: Digest; readonly size: number }[];
  /** Largest first. */
  readonly blobs: readonly { readonly digest: Digest; readonly size: number }[];
}

/** Images are looked at in this many at a time; what was planned answers from the workspace. */
const WALKS_AT_ONCE = 32;

/**
 * The images of a lock as roots for an archive, each named by its full source reference. An archive takes catalogs as they
 * are: whether what they promise is there is decided where it is imported.
 */
export function archiveRoots(selection: ArchiveSelection): Root[] {
  const { lock, source, only } = selection;
  const guards = new CatalogGuards(lock, "push");
  const images = lock.images.filter((image) => only?.(image) !== false);
  const roots = [...lockRoots({ lock: { ...lock, images }, source, prefix: "", maxNestedPaths: 0, guards })];
  return roots.map((root, index) => ({ ...root, ...nameOf(images[index]?.origin ?? root.id) }));
}

/** Content of each image, in the order of the lock, catalogs last. An image that cannot be read is left out: its copy will say why. */
export async function contentOf(selection: ArchiveSelection): Promise<ImageContent[]> {
  const { lock, only } = selection;
  const wanted = lock.images.filter((image) => only?.(image) !== false);
  const ordered = [...wanted.filter((image) => image.kind !== "catalog"), ...wanted.filter((image) => image.kind === "catalog")];
  const found: ImageContent[] = [];
  for await (const content of pooled(ordered, WALKS_AT_ONCE, (image) => contentOfImage(image, selection))) {
    if (content !== undefined) found.push(content);
  }
  return found;
}

async function contentOfImage(image: LockedImage, selection: ArchiveSelection): Promise<ImageContent | undefined> {
  const { lock, source, externalLayers, signal } = selection;
  const { reader, place } = source(image);
  signal?.throwIfAborted();
  try {
    const graph = await walkImage(
      reader,
      place,
      { mediaType: image.mediaType, digest: image.digest, size: image.manifestBytes },
      {
        ...(image.platforms.length === 0 ? {} : { platforms: platformFilter(image.platforms.map(parsePlatform)) }),
        referrers: lock.referrers,
        ...(lock.referrers === "all" ? { known: knownReferrers(image) } : {}),
        externalLayers,
        signal,
      },
    );
    return {
      image,
      manifests: graph.manifests
        .filter((entry) => entry.copied)
        .map(({ descriptor }) => ({ digest: descriptor.digest, size: descriptor.size })),
      blobs: [...graph.blobs.values()]
        .map(({ digest, size }) => ({ digest, size }))
        .sort((a, b) => b.size - a.size || (a.digest < b.digest ? -1 : 1)),
    };
  } catch (error) {
    if (signal?.aborted) throw error;
    return undefined;
  }
}

/** Where a root is put in an archive: a repository with the source's host in front, and the rest of the reference as its name. */
function nameOf(origin: string): Pick<Root, "to" | "tags" | "phase"> {
  if (origin.startsWith("oci:")) return { to: { repository: "" }, tags: [origin], phase: 0 };
  const { registry, repository, tag, digest } = parseReference(origin);
  const name = [...(tag === undefined ? [] : [tag]), ...(digest === undefined ? [] : [digest])].join("@");
  return { to: { repository: `${registry}/${repository}` }, tags: [name === "" ? "latest" : name], phase: 0 };
}
