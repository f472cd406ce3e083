import { channelGraph } from "../model/channel-graph.ts";
import type { ChannelEntry, Selected, SelectedChannel, SelectedPackage } from "../types.ts";
import { channelFault } from "./channel-problem.ts";

/** A channel that does not stand without some bundles. */
export interface BrokenCut {
  readonly package: string;
  readonly channel: string;
  /** The bundles of the channel that were to go, in its order. */
  readonly bundles: readonly string[];
  /** What would be wrong, as a clause: `it has 2 heads: …`. */
  readonly why: string;
  /** Entries that would have to go too for the channel to stand, in its order; missing where nothing of it would. */
  readonly alsoWithout?: readonly string[];
}

/** The smaller selection, or every channel that it would break. */
export type WithoutBundles =
  | { readonly holds: true; readonly selected: Selected }
  | { readonly holds: false; readonly broken: readonly BrokenCut[] };

/**
 * Takes bundles out of a selection, by package. No edge is invented: each channel must still have entries, one head and a
 * chain that reaches every entry, else nothing is taken away and the cuts that break something are listed. Pure.
 */
export function withoutBundles(selected: Selected, drop: ReadonlyMap<string, ReadonlySet<string>>): WithoutBundles {
  const broken: BrokenCut[] = [];
  const packages = selected.packages.map((chosen) => {
    const names = drop.get(chosen.name);
    return names === undefined ? chosen : cutPackage(chosen, names, broken);
  });
  if (broken.length > 0) return { holds: false, broken };
  const changed = packages.some((one, index) => one !== selected.packages[index]);
  return { holds: true, selected: { ...selected, packages, unchanged: selected.unchanged && !changed } };
}

function cutPackage(chosen: SelectedPackage, drop: ReadonlySet<string>, broken: BrokenCut[]): SelectedPackage {
  if (!chosen.bundles.some((name) => drop.has(name))) return chosen;
  const channels = chosen.channels.map((channel) => cutChannel(chosen.name, channel, { drop, broken }));
  return { ...chosen, channels, bundles: chosen.bundles.filter((name) => !drop.has(name)) };
}

function cutChannel(
  packageName: string,
  channel: SelectedChannel,
  how: { readonly drop: ReadonlySet<string>; readonly broken: BrokenCut[] },
): SelectedChannel {
  const gone = channel.entries.filter((entry) => how.drop.has(entry.name)).map((entry) => entry.name);
  if (gone.length === 0) return channel;
  const entries = channel.entries.filter((entry) => !how.drop.has(entry.name));
  const graph = channelGraph({ name: channel.name, entries });
  const fault = channelFault(graph);
  if (fault !== undefined) {
    const alsoWithout = nearestCut(channel, entries);
    how.broken.push({
      package: packageName,
      channel: channel.name,
      bundles: gone,
      why: fault.message,
      ...(alsoWithout === undefined ? {} : { alsoWithout }),
    });
  }
  return { name: channel.name, entries, head: graph.heads[0] ?? "" };
}

/**
 * The nearest smaller channel that stands: from the first entry of the old chain that is left, down as far as `replaces`
 * leads, with what those entries skip. Answers what else would have to go.
 */
function nearestCut(channel: SelectedChannel, left: readonly ChannelEntry[]): readonly string[] | undefined {
  const there = new Map(left.map((entry) => [entry.name, entry]));
  const head = channelGraph(channel).chain.find((name) => there.has(name));
  const kept = new Set<string>();
  for (let at = head; at !== undefined && there.has(at) && !kept.has(at); at = there.get(at)?.replaces) kept.add(at);
  for (const name of [...kept]) for (const skip of there.get(name)?.skips ?? []) if (there.has(skip)) kept.add(skip);
  const entries = left.filter((entry) => kept.has(entry.name));
  if (channelFault(channelGraph({ name: channel.name, entries })) !== undefined) return undefined;
  return left.filter((entry) => !kept.has(entry.name)).map((entry) => entry.name);
}
