import type { GraphChannel, GraphNode, PackageGraph } from "./package-graph.ts";

/** A graph as text: one line a version, newest first, with the edges that lead to it. */
export function textGraph(graph: PackageGraph): string {
  const lines = [`${graph.package}${graph.deprecated ? "  (deprecated)" : ""}`];
  for (const channel of graph.channels) lines.push(...channelText(channel));
  return `${lines.join("\n")}\n`;
}

function channelText(channel: GraphChannel): readonly string[] {
  const marks = [channel.default ? "default" : "", channel.deprecated ? "deprecated" : ""].filter((mark) => mark !== "");
  const lines = [`  ${channel.name}${marks.length === 0 ? "" : `  (${marks.join(", ")})`}`];
  for (const node of channel.nodes) lines.push(`    ${symbol(node)} ${node.name}${edgeText(channel, node)}${markText(node)}`);
  return lines;
}

function symbol(node: GraphNode): string {
  if (node.selected === true) return "●";
  return node.skipped ? "·" : "○";
}

function edgeText(channel: GraphChannel, node: GraphNode): string {
  const own = channel.edges.filter((edge) => edge.to === node.name);
  const replaces = own.find((edge) => edge.kind === "replaces");
  const skips = own.filter((edge) => edge.kind === "skips").map((edge) => edge.from);
  const range = own.find((edge) => edge.kind === "skipRange")?.range;
  const parts = [
    replaces === undefined ? "" : `replaces ${replaces.from}`,
    skips.length === 0 ? "" : `skips ${skips.length <= 3 ? skips.join(", ") : `${skips.length} versions`}`,
    range === undefined ? "" : `skips ${range}`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? "" : `  ← ${parts.join("; ")}`;
}

function markText(node: GraphNode): string {
  const marks = [node.head ? "head" : "", node.deprecated ? "deprecated" : ""].filter((mark) => mark !== "");
  return marks.length === 0 ? "" : `  [${marks.join(", ")}]`;
}
