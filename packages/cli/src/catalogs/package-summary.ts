import { type Catalog, listPackages, type PackageInfo } from "@skerry/catalog";

/** One package of the CatalogList document. */
export interface PackageSummary {
  readonly name: string;
  readonly displayName?: string;
  readonly defaultChannel: string;
  readonly channels: readonly { readonly name: string; readonly head: string | null; readonly entries: number }[];
  /** Bundles, each of which is one version. */
  readonly versions: number;
  /** Distinct images that its bundles name. */
  readonly images: number;
  /** Unknown without asking the registries. */
  readonly uniqueBytes: number | null;
  readonly deprecated: boolean;
}

/** Summaries of packages, by name. Reads one bundle of each, for the name that a console shows. */
export async function summarize(catalog: Catalog): Promise<readonly PackageSummary[]> {
  const heads = headsOf(catalog);
  const names = new Map((await listPackages(catalog)).map((row) => [row.package, row.displayName]));
  return catalog.packages.map((info) => summary(info, heads.get(info.name) ?? new Map(), names.get(info.name) ?? ""));
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

function summary(info: PackageInfo, heads: ReadonlyMap<string, string>, displayName: string): PackageSummary {
  return {
    name: info.name,
    ...(displayName === "" ? {} : { displayName }),
    defaultChannel: info.defaultChannel,
    channels: info.channels
      .map((channel) => ({ name: channel.name, head: heads.get(channel.name) ?? null, entries: channel.entries.length }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    versions: info.bundles.size,
    images: info.images,
    uniqueBytes: null,
    deprecated: info.deprecations,
  };
}
