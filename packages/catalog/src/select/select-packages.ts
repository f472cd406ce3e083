import type {
  Catalog,
  CatalogProblem,
  CatalogSelection,
  InstalledVersion,
  PackageInfo,
  PackageSelection,
  Selected,
  SelectedChannel,
  SelectedPackage,
} from "../types.ts";
import { parseBound, tryParseVersion, type Version } from "../version/version.ts";
import { brokenPath } from "./broken-path.ts";
import { selectChannel } from "./select-channel.ts";
import { defaultNotKept, droppedPackage, emptyChannel, emptyPackage, repairedDefault, unknownPackage } from "./selection-errors.ts";
import { type WantedChannel, wantedChannels } from "./wanted-channels.ts";

/**
 * What a selection keeps of a catalog, with the semantics of oc-mirror from 4.18 on: the head of every channel unless
 * told otherwise, everything with `full`, or a window on each channel's chain. The result is always a valid catalog.
 *
 * What the user wrote wrong is refused: an unknown package, channel or version, a default channel that is not kept.
 * What the publisher got wrong is a row: a channel with two heads or a cycle is left out, and the package with it when
 * it was the default.
 *
 * @throws CatalogError SELECTION_UNKNOWN_PACKAGE, SELECTION_UNKNOWN_CHANNEL, SELECTION_UNKNOWN_VERSION,
 *   SELECTION_INVALID, VERSION_INVALID, RANGE_INVALID
 */
export function selectPackages(catalog: Catalog, selection: CatalogSelection): Selected {
  const problems: CatalogProblem[] = [];
  const packages: SelectedPackage[] = [];
  const named = selection.packages ?? [];
  const full = selection.full === true;
  const unchanged = full && named.length === 0;
  const wishes: readonly PackageSelection[] = named.length > 0 ? named : catalog.packages.map((info) => ({ name: info.name }));
  for (const wish of [...wishes].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const info = catalog.package(wish.name);
    if (info === undefined) throw unknownPackage(catalog, wish.name);
    const installed = (selection.installed ?? []).filter((one) => one.package === wish.name);
    const selected = selectPackage(info, wish, { full, unchanged, installed, problems });
    if (selected !== undefined) packages.push(selected);
  }
  return { packages, problems, unchanged };
}

interface Context {
  readonly full: boolean;
  readonly unchanged: boolean;
  readonly installed: readonly InstalledVersion[];
  readonly problems: CatalogProblem[];
}

function selectPackage(info: PackageInfo, wish: PackageSelection, context: Context): SelectedPackage | undefined {
  const channels: SelectedChannel[] = [];
  const broken = new Set<string>();
  const reached = new Set<number>();
  const task = {
    versionOf: versionsOf(info),
    unchanged: context.unchanged,
    installed: context.installed.map((one) => ({ version: parseBound(one.version), bundle: one.bundle })),
  };
  const wanted = wantedChannels(info, wish, context.full);
  for (const one of wanted) {
    const result = selectChannel(info, one, task);
    context.problems.push(...result.problems);
    for (const at of result.reached) reached.add(at);
    if (result.broken) broken.add(one.channel.name);
    else if (result.channel !== undefined) channels.push(result.channel);
    else if (one.named) throw emptyChannel(info, one.channel, rangeText(one));
  }
  const ranged = wanted.find((one) => one.wish.kind === "range");
  if (channels.length === 0 && broken.size === 0 && ranged !== undefined) throw emptyPackage(info, rangeText(ranged));
  const defaultChannel = chooseDefault(info, wish, { channels, broken, wanted, context });
  if (defaultChannel === undefined) return undefined;
  const { versionOf } = task;
  context.problems.push(
    ...context.installed.filter((_, at) => !reached.has(at)).map((one) => brokenPath(info, one, { channels, versionOf })),
  );
  const bundles = new Set(channels.flatMap((channel) => channel.entries.map((entry) => entry.name)));
  return { name: info.name, defaultChannel, channels, bundles: [...bundles].filter((name) => info.bundles.has(name)).sort() };
}

function versionsOf(info: PackageInfo): (entry: string) => Version | undefined {
  const versions = new Map<string, Version | undefined>();
  return (entry) => {
    if (!versions.has(entry)) versions.set(entry, tryParseVersion(info.bundles.get(entry)?.version ?? ""));
    return versions.get(entry);
  };
}

function rangeText(wanted: WantedChannel): string {
  return wanted.wish.kind === "range" ? wanted.wish.versions.text : "a version";
}

interface DefaultTask {
  readonly channels: readonly SelectedChannel[];
  readonly broken: ReadonlySet<string>;
  readonly wanted: readonly WantedChannel[];
  readonly context: Context;
}

/** The default channel of what is kept; undefined when the package is left out, with a row. */
function chooseDefault(info: PackageInfo, wish: PackageSelection, task: DefaultTask): string | undefined {
  const { channels, broken, wanted, context } = task;
  const defaultChannel = wish.defaultChannel ?? info.defaultChannel;
  if (context.unchanged || channels.some((channel) => channel.name === defaultChannel)) return defaultChannel;
  const only = channels.length === 1 ? channels[0]?.name : undefined;
  const wrong = wish.defaultChannel === undefined && !info.channels.some((channel) => channel.name === defaultChannel);
  if (wrong && only !== undefined) {
    context.problems.push(repairedDefault(info, only));
    return only;
  }
  const first = wish.anyDefault === true && wish.defaultChannel === undefined ? channels[0]?.name : undefined;
  if (first !== undefined) return first;
  if (broken.has(defaultChannel) || wrong) {
    context.problems.push(droppedPackage(info, defaultChannel));
    return undefined;
  }
  const names = channels.map((channel) => channel.name);
  throw defaultNotKept(info, defaultChannel, { names, ranged: wanted.some((one) => one.wish.kind === "range") });
}
