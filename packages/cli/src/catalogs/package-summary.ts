import { bundleImages, type Catalog, displayName as displayNameOfBundle, type PackageInfo } from "@skerry/catalog";
import { formatReference } from "@skerry/oci";

/** One package of the CatalogList document. */
export interface PackageSummary {
  readonly name: string;
  readonly displayName?: string;
  readonly defaultChannel: string;
  readonly channels: readonly { readonly name: string; readonly head: string | null; readonly entries: number }[];
  /** Distinct images of all its bundles. */
  readonly images: number;
  /** Unknown without asking the registries. */
  readonly uniqueBytes: null;
  readonly deprecated: boolean;
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
  let displayName = "";
  for (const name of info.bundles.keys()) {
    const bundle = await catalog.bundle(info.name, name);
    for (const image of bundleImages(bundle).images) images.add(formatReference(image.reference));
    if (name === shown) displayName = displayNameOfBundle({ properties: bundle.properties });
  }
  return {
    name: info.name,
    ...(displayName === "" ? {} : { displayName }),
    defaultChannel: info.defaultChannel,
    channels: info.channels
      .map((channel) => ({ name: channel.name, head: heads.get(channel.name) ?? null, entries: channel.entries.length }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    images: images.size,
    uniqueBytes: null,
    deprecated: info.deprecations,
  };
}
