import {
  bundleImages,
  type Catalog,
  type ChannelEntry,
  describePackage,
  type PackageInfo,
  type PackageNeed,
  packageNeeds,
} from "@skerry/catalog";
import { formatReference, isOciError } from "@skerry/oci";
import { describeError, type ErrorShape } from "../output/error.ts";
import type { Places } from "../places/places.ts";
import { type ImageLook, uniqueBytesOf } from "./image-look.ts";
import { lookAtImages } from "./look-at-images.ts";
import { headsOf } from "./package-summary.ts";

/** An image of a version; digest, platforms and size where the registries were asked. */
export interface DetailImage {
  readonly image: string;
  readonly kind: "bundle" | "related";
  readonly digest?: string;
  readonly platforms?: readonly string[];
  /** Null: it cannot be had; `error` says why. */
  readonly totalBytes?: number | null;
  readonly error?: ErrorShape;
}

/** One version in a channel. */
export interface DetailEntry extends ChannelEntry {
  readonly version: string;
  readonly image: string;
  readonly images: readonly DetailImage[];
  /** Of all its images together; null where one cannot be had, missing where nobody was asked. */
  readonly totalBytes?: number | null;
}

/** The CatalogPackage document. */
export interface PackageDetail {
  readonly name: string;
  readonly displayName?: string;
  readonly provider?: string;
  /** Short text of the publisher. */
  readonly summary?: string;
  readonly description?: string;
  readonly keywords: readonly string[];
  readonly defaultChannel: string;
  readonly channels: readonly { readonly name: string; readonly head: string | null; readonly entries: readonly DetailEntry[] }[];
  readonly versions: number;
  readonly images: number;
  /** Missing where nobody was asked, null where an image cannot be had. */
  readonly uniqueBytes?: number | null;
  readonly deprecated: boolean;
  readonly requires: readonly PackageNeed[];
  readonly neededBy: readonly PackageNeed[];
}

/** Everything about a package; with `ask` also what the registries say about its images. */
export async function packageDetail(
  catalog: Catalog,
  info: PackageInfo,
  ask: { readonly places: Places; readonly signal: AbortSignal } | undefined,
): Promise<PackageDetail> {
  const images = new Map<string, readonly DetailImage[]>();
  for (const name of info.bundles.keys()) {
    const found = bundleImages(await catalog.bundle(info.name, name)).images;
    images.set(
      name,
      found.map(({ reference, kind }) => ({ image: formatReference(reference), kind })),
    );
  }
  const distinct = [...new Set([...images.values()].flat().map((one) => one.image))];
  const looks = ask === undefined ? undefined : await lookAtImages(distinct, ask);
  const heads = headsOf(catalog).get(info.name);
  const entryOf = (entry: ChannelEntry): DetailEntry => {
    const own = images.get(entry.name) ?? [];
    return {
      ...entry,
      version: info.bundles.get(entry.name)?.version ?? "",
      image: info.bundles.get(entry.name)?.image ?? "",
      images: looks === undefined ? own : own.map((one) => ({ ...one, ...lookDocument(looks.get(one.image)) })),
      ...(looks === undefined ? {} : { totalBytes: uniqueBytesOf(own.map((one) => looks.get(one.image))) ?? null }),
    };
  };
  const { displayName, provider, summary, description, keywords } = await describePackage(catalog, info);
  return {
    name: info.name,
    ...texts({ displayName, provider, summary, description }),
    keywords,
    defaultChannel: info.defaultChannel,
    channels: info.channels
      .map((channel) => ({ name: channel.name, head: heads?.get(channel.name) ?? null, entries: channel.entries.map(entryOf) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    versions: info.bundles.size,
    images: distinct.length,
    ...(looks === undefined ? {} : { uniqueBytes: uniqueBytesOf(distinct.map((image) => looks.get(image))) ?? null }),
    deprecated: info.deprecations,
    ...(await packageNeeds(catalog, info.name)),
  };
}

/** What a look at an image adds to its row. */
export function lookDocument(look: ImageLook | Error | undefined): Omit<DetailImage, "image" | "kind"> {
  if (look === undefined) return { totalBytes: null };
  if (isOciError(look)) return { totalBytes: null, error: describeError(look) };
  if (look instanceof Error) throw look;
  return { digest: look.digest, platforms: look.platforms, totalBytes: look.totalBytes };
}

/** Those that are not empty. */
function texts<T extends Readonly<Record<string, string>>>(all: T): Partial<T> {
  return Object.fromEntries(Object.entries(all).filter(([, text]) => text !== "")) as Partial<T>;
}
