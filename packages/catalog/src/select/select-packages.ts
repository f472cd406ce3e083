import { CatalogError } from "../errors.ts";
import { channelGraph } from "../model/channel-graph.ts";
import type {
  Catalog,
  CatalogProblem,
  CatalogSelection,
  Channel,
  PackageInfo,
  PackageSelection,
  Selected,
  SelectedChannel,
  SelectedPackage,
} from "../types.ts";
import { parseBounds } from "../version/bounds.ts";
import { tryParseVersion, type Version } from "../version/version.ts";
import { channelFault, channelRow } from "./channel-problem.ts";
import { type ChannelWish, keptEntries, windowEntries } from "./channel-window.ts";
import { nearestHint } from "./nearest.ts";

/**
 * What a selection keeps of a catalog, with the semantics of oc-mirror from 4.18 on: the head of every channel unless
 * told otherwise, everything with `full`, or a window on each channel's chain.
 *
 * What the user wrote wrong is refused: an unknown package, channel or version, a default channel that is not kept.
 * What the publisher got wrong is a row: a channel with two heads or a cycle is left out, and the package with it when
 * it was the default.
 *
 * @throws CatalogError SELECTION_UNKNOWN_PACKAGE, SELECTION_UNKNOWN_CHANNEL, SELECTION_UNKNOWN_VERSION,
 *   SELECTION_INVALID, VERSION_INVALID
 */
export function selectPackages(catalog: Catalog, selection: CatalogSelection): Selected {
  const problems: CatalogProblem[] = [];
  const packages: SelectedPackage[] = [];
  const wishes = selection.packages;
  const unchanged = selection.full === true && (wishes === undefined || wishes.length === 0);
  const list = wishes === undefined || wishes.length === 0 ? catalog.packages.map((info) => ({ name: info.name })) : wishes;
  for (const wish of [...list].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const info = catalog.package(wish.name);
    if (info === undefined) throw unknownPackage(catalog, wish.name);
    const selected = selectPackage(info, wish, { full: selection.full === true, unchanged, catalog: catalog.name, problems });
    if (selected !== undefined) packages.push(selected);
  }
  return { packages, problems, unchanged };
}

interface Context {
  readonly full: boolean;
  /** Everything is kept as it is, broken channels too. */
  readonly unchanged: boolean;
  readonly catalog: string;
  readonly problems: CatalogProblem[];
}

function unknownPackage(catalog: Catalog, name: string): CatalogError {
  return new CatalogError({
    code: "SELECTION_UNKNOWN_PACKAGE",
    message: `Cannot select package "${name}": ${catalog.name} has no such package`,
    subject: name,
    hint: nearestHint(
      "package",
      name,
      catalog.packages.map((info) => info.name),
    ),
  });
}

function selectPackage(info: PackageInfo, wish: PackageSelection, context: Context): SelectedPackage | undefined {
  checkWish(wish, context);
  const wanted = wantedChannels(info, wish, context);
  const versions = new Map<string, Version | undefined>();
  const versionOf = (entry: string): Version | undefined => {
    if (!versions.has(entry)) versions.set(entry, tryParseVersion(info.bundles.get(entry)?.version ?? ""));
    return versions.get(entry);
  };
  const channels: SelectedChannel[] = [];
  const lost = new Set<string>();
  for (const { channel, channelWish, named } of wanted) {
    const selected = selectChannel(info, channel, { wish: channelWish, versionOf, context });
    if (selected === "broken") lost.add(channel.name);
    else if (selected !== undefined) channels.push(selected);
    else if (named) throw emptyChannel(info, channel, channelWish);
  }
  const defaultChannel = wish.defaultChannel ?? info.defaultChannel;
  if (!channels.some((channel) => channel.name === defaultChannel)) {
    if (context.unchanged || lost.has(defaultChannel) || missingDefault(info, wish)) {
      if (!context.unchanged) context.problems.push(packageRow(info, defaultChannel));
      if (!context.unchanged || channels.length === 0) return undefined;
    } else throw defaultNotKept(info, wish, channels, context);
  }
  const bundles = new Set(channels.flatMap((channel) => channel.entries.map((entry) => entry.name)));
  return { name: info.name, defaultChannel, channels, bundles: [...bundles].filter((name) => info.bundles.has(name)).sort() };
}

/** The publisher's own default names no channel, and the user gave no other. */
function missingDefault(info: PackageInfo, wish: PackageSelection): boolean {
  return wish.defaultChannel === undefined && !info.channels.some((channel) => channel.name === info.defaultChannel);
}

function checkWish(wish: PackageSelection, context: Context): void {
  const ranged = wish.minVersion !== undefined || wish.maxVersion !== undefined;
  const channelRanged = (wish.channels ?? []).some((channel) => channel.minVersion !== undefined || channel.maxVersion !== undefined);
  if (ranged && channelRanged) throw invalidWish(wish.name, "a range for the package and one for a channel exclude each other");
  if (context.full && (ranged || channelRanged)) throw invalidWish(wish.name, '"full" and a range of versions exclude each other');
}

function invalidWish(name: string, why: string): CatalogError {
  return new CatalogError({
    code: "SELECTION_INVALID",
    message: `Cannot select package "${name}": ${why}`,
    subject: name,
    hint: "Remove one of the two.",
  });
}

interface WantedChannel {
  readonly channel: Channel;
  readonly channelWish: ChannelWish;
  /** The user named a range for this very channel, so an empty result is the user's error. */
  readonly named: boolean;
}

function wantedChannels(info: PackageInfo, wish: PackageSelection, context: Context): readonly WantedChannel[] {
  const packageBounds = parseBounds(wish);
  const wishFor = (bounds: ReturnType<typeof parseBounds>): ChannelWish =>
    bounds !== undefined ? { kind: "range", bounds } : context.full ? { kind: "full" } : { kind: "head" };
  if (wish.channels === undefined || wish.channels.length === 0) {
    return info.channels.map((channel) => ({ channel, channelWish: wishFor(packageBounds), named: false }));
  }
  return [...wish.channels]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((wanted) => {
      const channel = info.channels.find(({ name }) => name === wanted.name);
      if (channel === undefined) throw unknownChannel(info, wanted.name);
      const bounds = parseBounds(wanted);
      return { channel, channelWish: wishFor(bounds ?? packageBounds), named: bounds !== undefined };
    });
}

function unknownChannel(info: PackageInfo, name: string): CatalogError {
  return new CatalogError({
    code: "SELECTION_UNKNOWN_CHANNEL",
    message: `Cannot select channel "${name}": package "${info.name}" has no such channel`,
    subject: `${info.name}/${name}`,
    hint: nearestHint(
      "channel",
      name,
      info.channels.map((channel) => channel.name),
    ),
  });
}

interface ChannelTask {
  readonly wish: ChannelWish;
  readonly versionOf: (entry: string) => Version | undefined;
  readonly context: Context;
}

/** The kept channel; undefined when nothing is in range; "broken" when its graph cannot be served. */
function selectChannel(info: PackageInfo, channel: Channel, task: ChannelTask): SelectedChannel | "broken" | undefined {
  const graph = channelGraph(channel);
  const fault = channelFault(graph);
  if (fault !== undefined) {
    const row = channelRow(info.name, channel.name, fault);
    task.context.problems.push(task.context.unchanged ? { ...row, action: "kept" } : row);
    if (!task.context.unchanged) return "broken";
  }
  const entries = windowEntries(channel.entries, keptEntries(graph, task.wish, task.versionOf));
  if (entries.length === 0) return undefined;
  const head = channelGraph({ name: channel.name, entries }).heads[0] ?? entries[0]?.name ?? "";
  return { name: channel.name, entries, head };
}

function emptyChannel(info: PackageInfo, channel: Channel, wish: ChannelWish): CatalogError {
  return new CatalogError({
    code: "SELECTION_UNKNOWN_VERSION",
    message: `Cannot select from channel "${channel.name}" of package "${info.name}": no version is in range${wish.kind === "range" ? "" : " (no range)"}`,
    subject: `${info.name}/${channel.name}`,
    hint: versionsHint(info, channel),
  });
}

function versionsHint(info: PackageInfo, channel: Channel): string {
  const versions = channel.entries.map((entry) => info.bundles.get(entry.name)?.version ?? "").filter((version) => version !== "");
  if (versions.length === 0) return "The channel has no versions.";
  const shown = versions.slice(-8).join(", ");
  return `Versions of the channel: ${versions.length > 8 ? "… " : ""}${shown}. A bound without a pre-release part matches no pre-release.`;
}

function packageRow(info: PackageInfo, defaultChannel: string): CatalogProblem {
  return {
    code: "PACKAGE_INVALID",
    severity: "error",
    subject: info.name,
    package: info.name,
    action: "dropped",
    message: `Left out package "${info.name}": its default channel "${defaultChannel}" cannot be kept`,
    hint: "Set defaultChannel to a channel that can be kept, or leave the package out.",
  };
}

function defaultNotKept(info: PackageInfo, wish: PackageSelection, channels: readonly SelectedChannel[], context: Context): CatalogError {
  const defaultChannel = wish.defaultChannel ?? info.defaultChannel;
  const ranged = wish.minVersion !== undefined || wish.maxVersion !== undefined;
  const kept = channels.map((channel) => channel.name);
  return new CatalogError({
    code: ranged ? "SELECTION_UNKNOWN_VERSION" : "SELECTION_INVALID",
    message: `Cannot select package "${info.name}" of ${context.catalog}: its default channel "${defaultChannel}" is not kept`,
    subject: info.name,
    hint:
      kept.length === 0
        ? "No version is in range. A bound without a pre-release part matches no pre-release."
        : `Set defaultChannel to one of ${kept.map((name) => `"${name}"`).join(", ")}, or keep "${defaultChannel}" too.`,
  });
}
