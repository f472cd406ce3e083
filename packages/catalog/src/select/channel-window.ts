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
 * Names of the entries to keep. A range is a window on the chain of `replaces`: from the first entry in range, seen from
 * the head, to the last one; entries between them stay although out of range, and what a kept entry skips stays when it
 * is in range itself.
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
  // An entry out of range belongs to the window when it skips one that is in range: nothing else leads to that one.
  const reaches = (name: string): boolean =>
    within(name) || (graph.entries.get(name)?.skips ?? []).some((skip) => graph.entries.has(skip) && within(skip));
  const top = graph.chain.findIndex(reaches);
  const bottom = graph.chain.findLastIndex(reaches);
  const kept = new Set<string>();
  if (top === -1) return kept;
  for (const name of graph.chain.slice(top, bottom + 1)) {
    kept.add(name);
    for (const skip of graph.entries.get(name)?.skips ?? []) {
      if (graph.entries.has(skip) && within(skip)) kept.add(skip);
    }
  }
  return kept;
}

/** The kept entries, in the order of the channel. Edges to what was left out stay: a tail may name what is not there. */
export function windowEntries(entries: readonly ChannelEntry[], kept: ReadonlySet<string>): readonly ChannelEntry[] {
  return entries.filter((entry) => kept.has(entry.name));
}
