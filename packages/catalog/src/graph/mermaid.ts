import { byBytes } from "../write/go-json.ts";
import type { GraphChannel, PackageGraph } from "./package-graph.ts";

const HEAD = [
  "graph LR",
  "  classDef deprecated fill:#E8960F",
  "  classDef skipped stroke:#FF0000,stroke-width:4px",
  "  classDef deprecatedskipped fill:#E8960F,stroke:#FF0000,stroke-width:4px",
];
const EDGE = { replaces: "replace", skips: "skip" } as const;

/**
 * Graphs as a mermaid chart, line for line as `opm alpha render-graph` prints it: what is deprecated is coloured at the
 * end; channels and packages without entries are left out.
 */
export function mermaidGraph(graphs: readonly PackageGraph[]): string {
  const lines = [...HEAD];
  const styles: string[] = [];
  const deprecated: string[] = [];
  for (const graph of graphs) {
    const channels = graph.channels.filter((channel) => channel.nodes.length > 0);
    if (channels.length === 0) continue;
    lines.push(`  %% package ${quoted(graph.package)}`, `  subgraph ${quoted(graph.package)}`);
    for (const channel of channels) {
      const id = identifier(`${graph.package}-${channel.name}`);
      lines.push(...channelLines(id, channel));
      if (channel.deprecated) styles.push(`style ${id} fill:#DCD0FF`);
      deprecated.push(...channel.nodes.filter((node) => node.deprecated).map((node) => `${id}-${identifier(node.name)}`));
    }
    lines.push("  end");
    if (graph.deprecated) styles.unshift(`style ${identifier(graph.package)} fill:#989695`);
  }
  lines.push(...styles);
  if (deprecated.length > 0) lines.push(`class ${deprecated.sort(byBytes).join(",")} deprecated`);
  return `${lines.join("\n")}\n`;
}

function channelLines(id: string, channel: GraphChannel): readonly string[] {
  const lines = [`    %% channel ${quoted(channel.name)}`, `    subgraph ${id}[${quoted(channel.name)}]`];
  const node = (name: string): string => `${id}-${identifier(name)}[${quoted(name)}]`;
  for (const { name } of channel.nodes) {
    lines.push(`      ${node(name)}`);
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
