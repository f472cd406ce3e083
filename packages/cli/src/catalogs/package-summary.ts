import { bundleImages, type Catalog, type PackageInfo } from "@skerry/catalog";
import { formatReference } from "@skerry/oci";

/** One package of the CatalogList document. */
export interface PackageSummary {
  readonly name: string;
  readonly displayName?: string;
  readonly description?: string;
  readonly keywords: readonly string[];
  readonly defaultChannel: string;
  readonly channels: readonly { readonly name: string; readonly head: string | null; readonly entries: number }[];
  /** Distinct images of all its bundles. */
  readonly images: number;
  /** Unknown without asking the registries. */
  readonly uniqueBytes: null;
  readonly deprecated: boolean;
}

/** A summary as the CatalogList document shows it: without the texts that are only searched. */
export function listedPackage(summary: PackageSummary): Omit<PackageSummary, "description" | "keywords"> {
  const { name, displayName, defaultChannel, channels, images, uniqueBytes, deprecated } = summary;
  return { name, ...(displayName === undefined ? {} : { displayName }), defaultChannel, channels, images, uniqueBytes, deprecated };
}

/** Summaries of packages, by name. Reads each bundle of them once. */
export async function summarize(catalog: Catalog, wanted: (name: string) => boolean = () => true): Promise<readonly PackageSummary[]> {
  const heads = headsOf(catalog);
  const summaries: PackageSummary[] = [];
  for (const info of catalog.packages) {
    if (wanted(info.name)) summaries.push(await summary(catalog, info, heads.get(info.name) ?? new Map()));
  }
  return summaries;
}

/** Head of each channel by package; a channel that has none, or several, is missing. */
export function headsOf(catalog: Catalog): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const heads = new Map<string, ReadonlyMap<string, string>>();
  for (const info of catalog.packages) {
    heads.set(info.name, new Map(info.channels.flatMap((channel) => headOf(channel.entries).map((head) => [channel.name, head] as const))));
  }
  return heads;
}

function headOf(entries: PackageInfo["channels"][number]["entries"]): readonly string[] {
  const replaced = new Set(entries.flatMap((entry) => [entry.replaces ?? "", ...(entry.skips ?? [])]));
  const heads = entries.filter((entry) => !replaced.has(entry.name)).map((entry) => entry.name);
  return heads.length === 1 ? heads : [];
}

async function summary(catalog: Catalog, info: PackageInfo, heads: ReadonlyMap<string, string>): Promise<PackageSummary> {
  const images = new Set<string>();
  const shown = heads.get(info.defaultChannel);
  let about: About = { keywords: [] };
  for (const name of info.bundles.keys()) {
    const bundle = await catalog.bundle(info.name, name);
    for (const image of bundleImages(bundle).images) images.add(formatReference(image.reference));
    if (name === shown) about = aboutOf(bundle.properties);
  }
  return {
    name: info.name,
    ...about,
    defaultChannel: info.defaultChannel,
    channels: info.channels
      .map((channel) => ({ name: channel.name, head: heads.get(channel.name) ?? null, entries: channel.entries.length }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    images: images.size,
    uniqueBytes: null,
    deprecated: info.deprecations,
  };
}

interface About {
  readonly displayName?: string;
  readonly description?: string;
  readonly keywords: readonly string[];
}

/** What a bundle says of itself to people, from `olm.csv.metadata` or the CSV that is inline. */
function aboutOf(properties: readonly { readonly type: string; readonly value: unknown }[]): About {
  const metadata = properties.find((property) => property.type === "olm.csv.metadata")?.value ?? inlineSpec(properties);
  const { displayName, description, keywords } = recordOf(metadata);
  return {
    ...(typeof displayName === "string" && displayName !== "" ? { displayName } : {}),
    ...(typeof description === "string" && description !== "" ? { description } : {}),
    keywords: Array.isArray(keywords) ? keywords.filter((word): word is string => typeof word === "string") : [],
  };
}

function inlineSpec(properties: readonly { readonly type: string; readonly value: unknown }[]): unknown {
  for (const property of properties) {
    const { data } = property.type === "olm.bundle.object" ? recordOf(property.value) : {};
    if (typeof data !== "string") continue;
    const text = Buffer.from(data, "base64").toString("utf8");
    if (!/"kind"\s*:\s*"ClusterServiceVersion"/.test(text)) continue;
    try {
      return recordOf(JSON.parse(text))["spec"];
    } catch {
      return undefined;
    }
  }
  return undefined;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
