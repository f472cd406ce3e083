import { foldedMember } from "../scan/fold.ts";
import type { Catalog, ChannelEntry, PackageInfo } from "../types.ts";
import { inRange, parseRange, type VersionRange } from "../version/range.ts";
import { compareVersions, tryParseVersion, type Version } from "../version/version.ts";

export interface GraphNode {
  /** Name of the bundle. */
  readonly name: string;
  readonly version: string;
  readonly head: boolean;
  /** Another entry of the channel skips it. */
  readonly skipped: boolean;
  readonly deprecated: boolean;
  /** Part of the selection at hand; missing when there is none. */
  readonly selected?: boolean;
}

/** An upgrade from one bundle to another. The source need not be an entry of the channel. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: "replaces" | "skips" | "skipRange";
  /** Text of the range. */
  readonly range?: string;
}

export interface GraphChannel {
  readonly name: string;
  readonly default: boolean;
  readonly deprecated: boolean;
  /** Newest version first. */
  readonly nodes: readonly GraphNode[];
  /** By target in the order of the nodes; of one target skips, skipRange, replaces. */
  readonly edges: readonly GraphEdge[];
}

/** The upgrade graph of a package as data, for every way of drawing it. */
export interface PackageGraph {
  readonly package: string;
  readonly deprecated: boolean;
  /** By name. */
  readonly channels: readonly GraphChannel[];
}

/** What is deprecated in one package: names by schema, the package itself as an empty name. */
export interface DeprecatedNames {
  readonly package: boolean;
  readonly channels: ReadonlySet<string>;
  readonly bundles: ReadonlySet<string>;
}

export const NOTHING_DEPRECATED: DeprecatedNames = { package: false, channels: new Set(), bundles: new Set() };

/** Reads what a package's `olm.deprecations` names. */
export async function readDeprecations(catalog: Catalog, packageName: string): Promise<DeprecatedNames> {
  const channels = new Set<string>();
  const bundles = new Set<string>();
  let own = false;
  for await (const { body } of catalog.documents(
    (document) => document.schema === "olm.deprecations" && document.package === packageName,
  )) {
    const entries = foldedMember(body, "entries");
    for (const entry of Array.isArray(entries) ? (entries as readonly Record<string, unknown>[]) : []) {
      const reference = (foldedMember(entry, "reference") ?? {}) as Record<string, unknown>;
      const name = String(foldedMember(reference, "name") ?? "");
      const schema = foldedMember(reference, "schema");
      if (schema === "olm.package") own = true;
      if (schema === "olm.channel") channels.add(name);
      if (schema === "olm.bundle") bundles.add(name);
    }
  }
  return { package: own, channels, bundles };
}

export interface PackageGraphOptions {
  readonly deprecated?: DeprecatedNames | undefined;
  /** Names of selected bundles. */
  readonly selected?: ReadonlySet<string> | undefined;
  /** Leave out entries below this one: the name of a bundle. */
  readonly minimumEdge?: string | undefined;
  /** Also the edge of an entry to itself, where its `skipRange` holds its own version: opm draws it. */
  readonly ownRanges?: boolean | undefined;
}

/** The graph of a package. Pure. */
export function packageGraph(info: PackageInfo, options: PackageGraphOptions = {}): PackageGraph {
  const versions = new Map<string, Version | undefined>();
  for (const [name, bundle] of info.bundles) versions.set(name, tryParseVersion(bundle.version));
  const least = options.minimumEdge === undefined ? undefined : versions.get(options.minimumEdge);
  const newestFirst = (a: ChannelEntry, b: ChannelEntry): number => {
    const left = versions.get(a.name);
    const right = versions.get(b.name);
    return left === undefined || right === undefined ? 0 : compareVersions(right, left);
  };
  const deprecated = options.deprecated ?? NOTHING_DEPRECATED;
  const channels = info.channels.map((channel) => {
    const shown =
      least === undefined ? channel.entries : fromEntry(channel.entries, { name: options.minimumEdge ?? "", version: least, versions });
    const entries = shown.toSorted(newestFirst);
    const edges = entries
      .flatMap((entry) => edgesTo(entry, shown, versions))
      .filter((edge) => options.ownRanges === true || edge.from !== edge.to);
    const sources = new Set(channel.entries.flatMap((entry) => [entry.replaces ?? "", ...(entry.skips ?? [])]));
    const skipped = new Set(channel.entries.flatMap((entry) => entry.skips ?? []));
    return {
      name: channel.name,
      default: channel.name === info.defaultChannel,
      deprecated: deprecated.channels.has(channel.name),
      nodes: entries.map((entry) => ({
        name: entry.name,
        version: info.bundles.get(entry.name)?.version ?? "",
        head: !sources.has(entry.name),
        skipped: skipped.has(entry.name),
        deprecated: deprecated.bundles.has(entry.name),
        ...(options.selected === undefined ? {} : { selected: options.selected.has(entry.name) }),
      })),
      edges,
    };
  });
  return { package: info.name, deprecated: deprecated.package, channels };
}

interface Floor {
  readonly name: string;
  readonly version: Version;
  readonly versions: ReadonlyMap<string, Version | undefined>;
}

/**
 * The entries from one on, with what they replace and skip from there on. The one itself stands at the bottom, without
 * edges; a `skipRange` stays where it holds that one's version; an entry that loses all its edges is left out.
 */
function fromEntry(entries: readonly ChannelEntry[], floor: Floor): readonly ChannelEntry[] {
  const isAbove = (name: string): boolean => {
    const version = floor.versions.get(name);
    return version !== undefined && compareVersions(version, floor.version) >= 0;
  };
  return entries.flatMap((entry): readonly ChannelEntry[] => {
    const { name } = entry;
    if (name === floor.name) return [{ name }];
    const range = entry.skipRange === undefined ? undefined : quietRange(entry.skipRange);
    const skips = (entry.skips ?? []).filter(isAbove);
    const kept: ChannelEntry = {
      name,
      ...(entry.replaces !== undefined && isAbove(entry.replaces) ? { replaces: entry.replaces } : {}),
      ...(skips.length === 0 ? {} : { skips }),
      ...(range !== undefined && inRange(floor.version, range) ? { skipRange: range.text } : {}),
    };
    if (Object.keys(kept).length > 1) return [kept];
    const isAlone = entry.replaces === undefined && (entry.skips ?? []).length === 0 && entry.skipRange === undefined;
    return isAlone && isAbove(name) ? [kept] : [];
  });
}

function edgesTo(
  entry: ChannelEntry,
  entries: readonly ChannelEntry[],
  versions: ReadonlyMap<string, Version | undefined>,
): readonly GraphEdge[] {
  const edges: GraphEdge[] = (entry.skips ?? []).map((from) => ({ from, to: entry.name, kind: "skips" }));
  const range = entry.skipRange === undefined ? undefined : quietRange(entry.skipRange);
  if (range !== undefined) {
    for (const other of entries) {
      const version = versions.get(other.name);
      if (version === undefined || !inRange(version, range)) continue;
      edges.push({ from: other.name, to: entry.name, kind: "skipRange", range: range.text });
    }
  }
  if (entry.replaces !== undefined) edges.push({ from: entry.replaces, to: entry.name, kind: "replaces" });
  return edges;
}

/** A range that cannot be read makes no edges; checking it is not the drawing's job. */
function quietRange(text: string): VersionRange | undefined {
  try {
    return parseRange(text);
  } catch {
    return undefined;
  }
}
