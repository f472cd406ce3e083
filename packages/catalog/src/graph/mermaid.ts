import type { GraphChannel, PackageGraph } from "./package-graph.ts";

const HEAD = [
  "graph LR",
  "  classDef deprecated fill:#E8960F",
  "  classDef skipped stroke:#FF0000,stroke-width:4px",
  "  classDef deprecatedskipped fill:#E8960F,stroke:#FF0000,stroke-width:4px",
];
const EDGE = { replaces: "replace", skips: "skip" } as const;

/** Graphs as a mermaid chart, line for line as `opm alpha render-graph` prints it. */
export function mermaidGraph(graphs: readonly PackageGraph[]): string {
  const lines = [...HEAD];
  for (const graph of graphs) {
    lines.push(`  %% package ${quoted(graph.package)}`, `  subgraph ${quoted(graph.package)}${graph.deprecated ? ":::deprecated" : ""}`);
    for (const channel of graph.channels) lines.push(...channelLines(graph.package, channel));
    lines.push("  end");
  }
  return `${lines.join("\n")}\n`;
}

function channelLines(packageName: string, channel: GraphChannel): readonly string[] {
  const id = identifier(`${packageName}-${channel.name}`);
  const lines = [
    `    %% channel ${quoted(channel.name)}`,
    `    subgraph ${id}[${quoted(channel.name)}]${channel.deprecated ? ":::deprecated" : ""}`,
  ];
  const node = (name: string): string => `${id}-${identifier(name)}[${quoted(name)}]`;
  for (const { name, deprecated } of channel.nodes) {
    lines.push(`      ${node(name)}${deprecated ? ":::deprecated" : ""}`);
    for (const edge of channel.edges) {
      if (edge.to !== name) continue;
      const label = edge.kind === "skipRange" ? quoted(`skipRange(${edge.range ?? ""})`) : EDGE[edge.kind];
      lines.push(`      ${node(edge.from)}-- ${label} --> ${node(edge.to)}`);
    }
  }
  return [...lines, "    end"];
}

/** Double quotes end a label; mermaid has an entity for them. */
function quoted(text: string): string {
  return `"${text.replaceAll('"', "#quot;").replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, " ")}"`;
}

/** Names of publishers as they are, without the characters that mean something in a chart. */
function identifier(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}._+-]/gu, "_");
}
