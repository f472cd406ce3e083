import type { Catalog, PackageInfo } from "@skerry/catalog";
import { headsOf } from "./package-summary.ts";

/** What changed in a package between two catalogs. Absent keys did not change. */
export interface PackageDifference {
  readonly name: string;
  readonly change: "added" | "removed" | "changed";
  readonly defaultChannel?: { readonly from: string; readonly to: string };
  readonly channels?: readonly {
    readonly name: string;
    readonly change: "added" | "removed" | "changed";
    readonly head?: { readonly from: string | null; readonly to: string | null };
    readonly entriesAdded: readonly string[];
    readonly entriesRemoved: readonly string[];
  }[];
  readonly bundlesAdded?: readonly string[];
  readonly bundlesRemoved?: readonly string[];
  /** Bundles of one name whose image differs. */
  readonly bundlesChanged?: readonly string[];
}

/** Packages that differ, by name. Pure; bundles are compared by name and image. */
export function compareCatalogs(before: Catalog, after: Catalog): readonly PackageDifference[] {
  const names = [...new Set([...before.packages, ...after.packages].map((info) => info.name))].sort();
  const heads = { before: headsOf(before), after: headsOf(after) };
  return names.flatMap((name): readonly PackageDifference[] => {
    const [old, now] = [before.package(name), after.package(name)];
    if (old === undefined && now !== undefined) return [{ name, change: "added", bundlesAdded: [...now.bundles.keys()].sort() }];
    if (now === undefined && old !== undefined) return [{ name, change: "removed", bundlesRemoved: [...old.bundles.keys()].sort() }];
    if (old === undefined || now === undefined) return [];
    const difference = comparePackages(old, now, {
      before: heads.before.get(name) ?? new Map(),
      after: heads.after.get(name) ?? new Map(),
    });
    return Object.keys(difference).length === 0 ? [] : [{ name, change: "changed", ...difference }];
  });
}

type Heads = ReadonlyMap<string, string>;

function comparePackages(
  old: PackageInfo,
  now: PackageInfo,
  heads: { readonly before: Heads; readonly after: Heads },
): Omit<PackageDifference, "name" | "change"> {
  const bundlesAdded = missingIn(now.bundles, old.bundles);
  const bundlesRemoved = missingIn(old.bundles, now.bundles);
  const bundlesChanged = [...now.bundles.values()]
    .filter((bundle) => old.bundles.has(bundle.name) && old.bundles.get(bundle.name)?.image !== bundle.image)
    .map((bundle) => bundle.name)
    .sort();
  const channels = compareChannels(old, now, heads);
  return {
    ...(old.defaultChannel === now.defaultChannel ? {} : { defaultChannel: { from: old.defaultChannel, to: now.defaultChannel } }),
    ...(channels.length === 0 ? {} : { channels }),
    ...(bundlesAdded.length === 0 ? {} : { bundlesAdded }),
    ...(bundlesRemoved.length === 0 ? {} : { bundlesRemoved }),
    ...(bundlesChanged.length === 0 ? {} : { bundlesChanged }),
  };
}

function compareChannels(
  old: PackageInfo,
  now: PackageInfo,
  heads: { readonly before: Heads; readonly after: Heads },
): NonNullable<PackageDifference["channels"]> {
  const entriesOf = (info: PackageInfo): ReadonlyMap<string, ReadonlyMap<string, string>> =>
    new Map(
      info.channels.map((channel) => [
        channel.name,
        new Map(channel.entries.map((entry) => [entry.name, JSON.stringify([entry.replaces, entry.skips, entry.skipRange])])),
      ]),
    );
  const [before, after] = [entriesOf(old), entriesOf(now)];
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((name) => {
    const [was, is] = [before.get(name) ?? new Map<string, string>(), after.get(name) ?? new Map<string, string>()];
    const [from, to] = [heads.before.get(name) ?? null, heads.after.get(name) ?? null];
    const entriesAdded = missingIn(is, was);
    const entriesRemoved = missingIn(was, is);
    const sameEdges = [...is].every(([entry, edges]) => !was.has(entry) || was.get(entry) === edges);
    const change = !before.has(name) ? "added" : !after.has(name) ? "removed" : "changed";
    if (change === "changed" && from === to && entriesAdded.length + entriesRemoved.length === 0 && sameEdges) return [];
    return [{ name, change, ...(from === to ? {} : { head: { from, to } }), entriesAdded, entriesRemoved } as const];
  });
}

function missingIn(these: ReadonlyMap<string, unknown>, those: ReadonlyMap<string, unknown>): readonly string[] {
  return [...these.keys()].filter((name) => !those.has(name)).sort();
}
