import { channelGraph } from "../model/channel-graph.ts";
import { strandedEntries, walkChain } from "../select/channel-problem.ts";
import type { Channel } from "../types.ts";
import type { OpmRules } from "./opm-release.ts";

/** The first rule of the upgrade graph that a channel breaks. */
export interface GraphFault {
  readonly rule: string;
  readonly code: "CHANNEL_HEADS" | "CHANNEL_CYCLE" | "PACKAGE_INVALID";
  readonly message: string;
}

/** Exactly one head, no cycle below it, no entry without a way to it. */
export function checkGraph(channel: Channel, rules: OpmRules): GraphFault | undefined {
  const graph = channelGraph(channel);
  if (graph.entries.size === 0) return { rule: "channel-empty", code: "PACKAGE_INVALID", message: "it has no entries" };
  if (graph.heads.length === 0) {
    return { rule: "graph-heads", code: "CHANNEL_CYCLE", message: "every entry is replaced or skipped by another, so it has no head" };
  }
  if (graph.heads.length > 1) {
    return {
      rule: "graph-heads",
      code: "CHANNEL_HEADS",
      message: `it has ${graph.heads.length} heads: ${[...graph.heads].sort().join(", ")}`,
    };
  }
  const pastSkipped = !rules.has("chainStopsAtSkipped");
  const { cycle } = walkChain(graph, pastSkipped);
  if (cycle !== undefined) return { rule: "graph-cycle", code: "CHANNEL_CYCLE", message: `its chain of replaces comes back to ${cycle}` };
  const stranded = strandedEntries(graph, pastSkipped);
  if (stranded.length === 0) return undefined;
  return { rule: "graph-stranded", code: "CHANNEL_HEADS", message: `nothing leads from ${stranded.join(", ")} to its head` };
}
