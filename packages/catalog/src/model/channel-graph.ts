import type { Channel, ChannelEntry } from "../types.ts";

/** The upgrade graph of one channel; `skipRange` makes no edge. */
export interface ChannelGraph {
  /** Entries by name; of two equal names the last. */
  readonly entries: ReadonlyMap<string, ChannelEntry>;
  /** Entries that nothing replaces or skips, in the order of the channel. A good channel has one. */
  readonly heads: readonly string[];
  /** From the first head along `replaces`, while the names are entries of the channel and none comes twice. */
  readonly chain: readonly string[];
  /** Name at which the chain came back to itself. */
  readonly cycle?: string;
  /** Names that some entry skips. */
  readonly skipped: ReadonlySet<string>;
}

/** Builds the graph of a channel. Never fails: heads, cycles and gaps are for the caller to judge. */
export function channelGraph(channel: Channel): ChannelGraph {
  const entries = new Map<string, ChannelEntry>();
  const incoming = new Set<string>();
  const skipped = new Set<string>();
  for (const entry of channel.entries) {
    entries.set(entry.name, entry);
    if (entry.replaces !== undefined) incoming.add(entry.replaces);
    for (const skip of entry.skips ?? []) {
      incoming.add(skip);
      skipped.add(skip);
    }
  }
  const heads = [...entries.keys()].filter((name) => !incoming.has(name));
  const head = heads[0];
  const chain: string[] = [];
  const seen = new Set<string>();
  let at = head === undefined ? undefined : entries.get(head);
  while (at !== undefined && !seen.has(at.name)) {
    seen.add(at.name);
    chain.push(at.name);
    at = at.replaces === undefined ? undefined : entries.get(at.replaces);
  }
  return { entries, heads, chain, skipped, ...(at === undefined ? {} : { cycle: at.name }) };
}
