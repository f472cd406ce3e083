import { type Catalog, wholeCatalog } from "@skerry/catalog";
import { isOciError, type OciError } from "@skerry/oci";
import type { Places } from "../places/places.ts";
import type { ImageLook } from "./image-look.ts";
import { lookAtImages } from "./look-at-images.ts";
import { neededImages } from "./needed-images.ts";

/** Images that one of two catalogs needs and the other does not, sorted. */
export interface ImagesDiff {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Bytes that only the second needs; null where an image cannot be had, missing where nobody was asked. */
  readonly addedBytes?: number | null;
  readonly removedBytes?: number | null;
}

/** Compares what the bundles of two catalogs need; with `ask` also its bytes, by content. */
export async function diffImages(
  before: Catalog,
  after: Catalog,
  ask: { readonly places: Places; readonly signal: AbortSignal } | undefined,
): Promise<ImagesDiff> {
  const [old, now] = [await imagesOf(before), await imagesOf(after)];
  const diff = { added: [...now].filter((image) => !old.has(image)), removed: [...old].filter((image) => !now.has(image)) };
  if (ask === undefined) return diff;
  const looks = await lookAtImages([...old, ...now], ask);
  const [oldBytes, newBytes] = [contentsOf(old, looks), contentsOf(now, looks)];
  return { ...diff, addedBytes: bytesBeyond(newBytes, oldBytes), removedBytes: bytesBeyond(oldBytes, newBytes) };
}

async function imagesOf(catalog: Catalog): Promise<ReadonlySet<string>> {
  const { images } = await neededImages(catalog, wholeCatalog(catalog).packages);
  return new Set(images.map((one) => one.image));
}

type Contents = ReadonlyMap<string, number> | undefined;

function contentsOf(images: ReadonlySet<string>, looks: ReadonlyMap<string, ImageLook | OciError>): Contents {
  const contents = new Map<string, number>();
  for (const image of images) {
    const look = looks.get(image);
    if (look === undefined || isOciError(look)) return undefined;
    for (const [digest, size] of look.contents) contents.set(digest, size);
  }
  return contents;
}

function bytesBeyond(these: Contents, those: Contents): number | null {
  if (these === undefined || those === undefined) return null;
  let total = 0;
  for (const [digest, size] of these) if (!those.has(digest)) total += size;
  return total;
}
