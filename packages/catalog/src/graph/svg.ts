import type { GraphChannel, GraphEdge, PackageGraph } from "./package-graph.ts";

const ROW = 28;
const LEFT = 24;
const NODE_X = 120;
const TOP = 40;
const CHAR = 7.2;
const COLOURS = { replaces: "#0066cc", skips: "#c9190b", skipRange: "#6a6e73" } as const;

/** A graph as a standalone SVG without scripts, fonts or links: channels below one another, newest version first. */
export function svgGraph(graph: PackageGraph): string {
  const parts: string[] = [];
  let y = TOP;
  let width = 320;
  for (const channel of graph.channels) {
    const title = `${channel.name}${channel.default ? " (default)" : ""}${channel.deprecated ? " (deprecated)" : ""}`;
    parts.push(`<text x="${LEFT}" y="${y}" font-weight="bold">${escapeXml(title)}</text>`);
    y += ROW;
    parts.push(...channelParts(channel, y));
    const longest = Math.max(0, ...channel.nodes.map((node) => node.name.length));
    width = Math.max(width, Math.ceil(NODE_X + 40 + longest * CHAR));
    y += channel.nodes.length * ROW + ROW / 2;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" viewBox="0 0 ${width} ${y}" font-family="sans-serif" font-size="13">`,
    `<title>${escapeXml(graph.package)}</title>`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="20" font-size="15" font-weight="bold">${escapeXml(graph.package)}</text>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

function channelParts(channel: GraphChannel, top: number): readonly string[] {
  const rowOf = new Map(channel.nodes.map((node, at) => [node.name, top + at * ROW]));
  const edges = channel.edges.flatMap((edge) => edgePath(edge, rowOf));
  const nodes = channel.nodes.map((node) => {
    const y = rowOf.get(node.name) ?? top;
    const fill = node.deprecated ? "#f0ab00" : node.selected === true ? "#3e8635" : node.head ? "#0066cc" : "#d2d2d2";
    const stroke = node.skipped ? "#c9190b" : "#4f5255";
    return `<circle cx="${NODE_X}" cy="${y}" r="6" fill="${fill}" stroke="${stroke}"/><text x="${NODE_X + 14}" y="${y + 4}">${escapeXml(node.name)}</text>`;
  });
  return [...edges, ...nodes];
}

function edgePath(edge: GraphEdge, rowOf: ReadonlyMap<string, number>): readonly string[] {
  const from = rowOf.get(edge.from);
  const to = rowOf.get(edge.to);
  if (from === undefined || to === undefined) return [];
  const bend = Math.min(90, 14 + Math.abs(from - to) / 3);
  const dash = edge.kind === "replaces" ? "" : ' stroke-dasharray="4 3"';
  return [
    `<path d="M ${NODE_X - 6} ${from} C ${NODE_X - bend} ${from}, ${NODE_X - bend} ${to}, ${NODE_X - 6} ${to}" fill="none" stroke="${COLOURS[edge.kind]}"${dash}><title>${escapeXml(`${edge.kind}: ${edge.from} → ${edge.to}`)}</title></path>`,
  ];
}

/** Text of publishers inside XML; control characters are not legal there at all. */
function escapeXml(text: string): string {
  return text
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
    .toWellFormed()
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
