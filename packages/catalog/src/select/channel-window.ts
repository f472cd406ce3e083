import type { ChannelGraph } from "../model/channel-graph.ts";
import type { ChannelEntry } from "../types.ts";
import type { VersionMatcher } from "../version/matcher.ts";
import type { Version } from "../version/version.ts";

/** What to keep of one channel. */
export type ChannelWish =
  | { readonly kind: "head" }
  | { readonly kind: "full" }
  | { readonly kind: "range"; readonly versions: VersionMatcher };

/**
 * Names of the entries to keep. A range is a window on the chain of `replaces`: from the first entry that adds a version in
 * range, seen from the head, to the last one; entries between them stay although out of range, and what a kept entry skips
 * stays when it is in range itself.
 */
export function keptEntries(
  graph: ChannelGraph,
  wish: ChannelWish,
  versionOf: (entry: string) => Version | undefined,
): ReadonlySet<string> {
  switch (wish.kind) {
    case "full":
      return new Set(graph.entries.keys());
    case "head":
      return new Set(graph.chain.slice(0, 1));
    case "range":
      return rangeEntries(graph, wish.versions, versionOf);
  }
}

function rangeEntries(
  graph: ChannelGraph,
  versions: VersionMatcher,
  versionOf: (entry: string) => Version | undefined,
): ReadonlySet<string> {
  const within = (name: string): boolean => {
    const version = versionOf(name);
    return version !== undefined && versions.matches(version);
  };
  if (versions.exact) return new Set([...graph.entries.keys()].filter(within));
  const { chain, adds } = additions(graph, within);
  const kept = new Set<string>();
  if (!adds.includes(true)) return kept;
  for (const name of chain.slice(adds.indexOf(true), adds.lastIndexOf(true) + 1)) {
    if (graph.entries.has(name)) kept.add(name);
    for (const skip of graph.entries.get(name)?.skips ?? []) {
      if (graph.entries.has(skip) && within(skip)) kept.add(skip);
    }
  }
  return kept;
}

/**
 * Which members of the chain add a version in range, seen from the tail: their own, or one that they skip and nothing
 * below them has. So an entry out of range belongs to the window when nothing else leads to what it skips, and a head that
 * skips all the versions below it does not stretch the window. What the tail replaces counts too, be it an entry of the
 * channel or a bundle of the package alone.
 */
function additions(
  graph: ChannelGraph,
  within: (name: string) => boolean,
): { readonly chain: readonly string[]; readonly adds: readonly boolean[] } {
  const below = graph.entries.get(graph.chain.at(-1) ?? "")?.replaces;
  const chain = below === undefined || graph.entries.has(below) ? graph.chain : [...graph.chain, below];
  const seen = new Set<string>();
  const adds = chain.toReversed().map((name) => {
    const before = seen.size;
    for (const one of [name, ...(graph.entries.get(name)?.skips ?? [])]) if (within(one)) seen.add(one);
    return seen.size > before;
  });
  return { chain, adds: adds.reverse() };
}

/** The kept entries, in the order of the channel. Edges to what was left out stay: a tail may name what is not there. */
export function windowEntries(entries: readonly ChannelEntry[], kept: ReadonlySet<string>): readonly ChannelEntry[] {
  return entries.filter((entry) => kept.has(entry.name));
}
