import type { ChannelGraph } from "../model/channel-graph.ts";
import type { CatalogProblem } from "../types.ts";

/** What makes a channel unusable for the cluster: the code of the row and a sentence. */
export interface ChannelFault {
  readonly code: "CHANNEL_HEADS" | "CHANNEL_CYCLE" | "PACKAGE_INVALID";
  readonly message: string;
}

/**
 * The first rule of the upgrade graph that a channel breaks. With `pastSkipped` an entry below a skipped one counts as
 * reached, as the image set tools and older releases of opm have it.
 */
export function channelFault(graph: ChannelGraph, pastSkipped: boolean = false): ChannelFault | undefined {
  if (graph.entries.size === 0) return { code: "PACKAGE_INVALID", message: "it has no entries" };
  if (graph.heads.length === 0)
    return { code: "CHANNEL_CYCLE", message: "every entry is replaced or skipped by another, so it has no head" };
  if (graph.heads.length > 1) {
    return { code: "CHANNEL_HEADS", message: `it has ${graph.heads.length} heads: ${shortList([...graph.heads].sort())}` };
  }
  const walk = walkChain(graph, pastSkipped);
  if (walk.cycle !== undefined) return { code: "CHANNEL_CYCLE", message: `its upgrade graph comes back to ${walk.cycle}` };
  const stranded = strandedEntries(graph, pastSkipped);
  if (stranded.length > 0) return { code: "CHANNEL_HEADS", message: `nothing leads from ${shortList(stranded)} to its head` };
  return undefined;
}

/**
 * The chain as opm walks it: it ends where its next name is skipped by some entry or is not there. Releases before 1.58
 * went on past skipped entries.
 */
export function walkChain(graph: ChannelGraph, pastSkipped = false): { readonly chain: ReadonlySet<string>; readonly cycle?: string } {
  const chain = new Set<string>();
  let name = graph.heads[0];
  while (name !== undefined) {
    if (chain.has(name)) return { chain, cycle: name };
    chain.add(name);
    const next: string | undefined = graph.entries.get(name)?.replaces;
    if (next === undefined || !graph.entries.has(next) || (graph.skipped.has(next) && !pastSkipped)) break;
    name = next;
  }
  return { chain };
}

/** Entries that are neither on the chain nor skipped, sorted. */
export function strandedEntries(graph: ChannelGraph, pastSkipped = false): readonly string[] {
  const { chain } = walkChain(graph, pastSkipped);
  return [...graph.entries.keys()].filter((name) => !chain.has(name) && !graph.skipped.has(name)).sort();
}

function shortList(names: readonly string[]): string {
  return names.length <= 5 ? names.join(", ") : `${names.slice(0, 5).join(", ")} and ${names.length - 5} more`;
}

/** The row for a channel that is left out. */
export function channelRow(packageName: string, channel: string, fault: ChannelFault): CatalogProblem {
  return {
    code: fault.code,
    severity: "error",
    subject: `${packageName}/${channel}`,
    package: packageName,
    channel,
    action: "dropped",
    message: `Left out channel "${channel}" of package "${packageName}": ${fault.message}`,
    hint: "Report it to the publisher of the catalog, or leave the package out.",
  };
}
