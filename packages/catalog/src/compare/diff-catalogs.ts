import type { Catalog, PackageInfo } from "../types.ts";

/** What came, went or changed of one package between two catalogs. */
export interface PackageDiff {
  readonly package: string;
  readonly change: "added" | "removed" | "changed";
  /** New default channel; missing when it is the same. */
  readonly defaultChannel?: { readonly from: string; readonly to: string };
  readonly channels: readonly ChannelDiff[];
  /** Bundles by name, with version and image. */
  readonly addedBundles: readonly DiffBundle[];
  readonly removedBundles: readonly DiffBundle[];
  /** The same name with another image or version. */
  readonly changedBundles: readonly { readonly from: DiffBundle; readonly to: DiffBundle }[];
}

export interface DiffBundle {
  readonly bundle: string;
  readonly version: string;
  readonly image: string;
}

export interface ChannelDiff {
  readonly channel: string;
  readonly change: "added" | "removed" | "changed";
  readonly addedEntries: readonly string[];
  readonly removedEntries: readonly string[];
  /** Entries whose edges changed. */
  readonly changedEntries: readonly string[];
}

/** Differences between two catalogs by package, channel and bundle; empty when they hold the same. Sorted by name. */
export function diffCatalogs(from: Pick<Catalog, "packages">, to: Pick<Catalog, "packages">): readonly PackageDiff[] {
  const before = new Map(from.packages.map((info) => [info.name, info]));
  const after = new Map(to.packages.map((info) => [info.name, info]));
  return [...new Set([...before.keys(), ...after.keys()])]
    .sort()
    .flatMap((name) => diffPackage(name, before.get(name), after.get(name)) ?? []);
}

function diffPackage(name: string, from: PackageInfo | undefined, to: PackageInfo | undefined): PackageDiff | undefined {
  const left = bundlesOf(from);
  const right = bundlesOf(to);
  const channels = diffChannels(from, to);
  const moved = from !== undefined && to !== undefined && from.defaultChannel !== to.defaultChannel;
  const diff: PackageDiff = {
    package: name,
    change: from === undefined ? "added" : to === undefined ? "removed" : "changed",
    ...(moved ? { defaultChannel: { from: from.defaultChannel, to: to.defaultChannel } } : {}),
    channels,
    addedBundles: [...right.values()].filter((bundle) => !left.has(bundle.bundle)),
    removedBundles: [...left.values()].filter((bundle) => !right.has(bundle.bundle)),
    changedBundles: [...right.values()].flatMap((bundle) => {
      const old = left.get(bundle.bundle);
      return old !== undefined && (old.image !== bundle.image || old.version !== bundle.version) ? [{ from: old, to: bundle }] : [];
    }),
  };
  const same = channels.length + diff.addedBundles.length + diff.removedBundles.length + diff.changedBundles.length === 0;
  return diff.change === "changed" && !moved && same ? undefined : diff;
}

function bundlesOf(info: PackageInfo | undefined): ReadonlyMap<string, DiffBundle> {
  const list = [...(info?.bundles.values() ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
  return new Map(list.map((bundle) => [bundle.name, { bundle: bundle.name, version: bundle.version, image: bundle.image }]));
}

function diffChannels(from: PackageInfo | undefined, to: PackageInfo | undefined): readonly ChannelDiff[] {
  const left = new Map((from?.channels ?? []).map((channel) => [channel.name, edgesOf(channel.entries)]));
  const right = new Map((to?.channels ?? []).map((channel) => [channel.name, edgesOf(channel.entries)]));
  return [...new Set([...left.keys(), ...right.keys()])].sort().flatMap((channel) => {
    const old = left.get(channel);
    const now = right.get(channel);
    const addedEntries = [...(now?.keys() ?? [])].filter((name) => old?.has(name) !== true).sort();
    const removedEntries = [...(old?.keys() ?? [])].filter((name) => now?.has(name) !== true).sort();
    const changedEntries = [...(now ?? [])]
      .filter(([name, edges]) => old?.has(name) === true && old.get(name) !== edges)
      .map(([name]) => name)
      .sort();
    const change = old === undefined ? ("added" as const) : now === undefined ? ("removed" as const) : ("changed" as const);
    if (change === "changed" && addedEntries.length + removedEntries.length + changedEntries.length === 0) return [];
    return [{ channel, change, addedEntries, removedEntries, changedEntries }];
  });
}

/** The edges of each entry as one text; the order of skips does not matter. */
function edgesOf(entries: PackageInfo["channels"][number]["entries"]): ReadonlyMap<string, string> {
  return new Map(
    entries.map((entry) => [entry.name, JSON.stringify([entry.replaces ?? "", [...(entry.skips ?? [])].sort(), entry.skipRange ?? ""])]),
  );
}
