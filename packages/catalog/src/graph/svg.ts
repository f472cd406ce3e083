import type { GraphChannel, GraphEdge, PackageGraph } from "./package-graph.ts";

const ROW = 28;
const LEFT = 24;
const NODE_X = 120;
const TOP = 40;
const CHAR = 7.2;
const COLOURS = { replaces: "#0066cc", skips: "#c9190b", skipRange: "#6a6e73" } as const;
const FILLS = { head: "#0066cc", selected: "#3e8635", deprecated: "#f0ab00", other: "#d2d2d2" } as const;
const PLAIN_STROKE = "#4f5255";
const LEGEND_WIDTH = 700;

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
  parts.push(...legend(y));
  y += ROW;
  width = Math.max(width, LEGEND_WIDTH);
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

/** What colours and lines mean. */
function legend(y: number): readonly string[] {
  const lines = (Object.keys(COLOURS) as (keyof typeof COLOURS)[]).map((kind, at) => {
    const x = LEFT + at * 100;
    return `<line x1="${x}" y1="${y}" x2="${x + 24}" y2="${y}" stroke="${COLOURS[kind]}"${dashOf(kind)}/><text x="${x + 30}" y="${y + 4}" font-size="11">${kind}</text>`;
  });
  const marks = (["head", "selected", "deprecated"] as const).map((mark, at) => {
    const x = LEFT + 310 + at * 90;
    return swatch({ x, y, mark, fill: FILLS[mark], stroke: PLAIN_STROKE });
  });
  return [...lines, ...marks, swatch({ x: LEFT + 590, y, mark: "skipped", fill: FILLS.other, stroke: COLOURS.skips })];
}

interface Swatch {
  readonly x: number;
  readonly y: number;
  readonly mark: string;
  readonly fill: string;
  readonly stroke: string;
}

function swatch({ x, y, mark, fill, stroke }: Swatch): string {
  return `<rect x="${x - 5}" y="${y - 5}" width="10" height="10" rx="5" fill="${fill}" stroke="${stroke}"/><text x="${x + 10}" y="${y + 4}" font-size="11">${mark}</text>`;
}

function dashOf(kind: GraphEdge["kind"]): string {
  return kind === "replaces" ? "" : ' stroke-dasharray="4 3"';
}

function channelParts(channel: GraphChannel, top: number): readonly string[] {
  const rowOf = new Map(channel.nodes.map((node, at) => [node.name, top + at * ROW]));
  const edges = channel.edges.flatMap((edge) => edgePath(edge, rowOf));
  const nodes = channel.nodes.map((node) => {
    const y = rowOf.get(node.name) ?? top;
    const fill = FILLS[node.deprecated ? "deprecated" : node.selected === true ? "selected" : node.head ? "head" : "other"];
    const stroke = node.skipped ? COLOURS.skips : PLAIN_STROKE;
    return `<circle cx="${NODE_X}" cy="${y}" r="6" fill="${fill}" stroke="${stroke}"/><text x="${NODE_X + 14}" y="${y + 4}">${escapeXml(node.name)}</text>`;
  });
  return [...edges, ...nodes];
}

function edgePath(edge: GraphEdge, rowOf: ReadonlyMap<string, number>): readonly string[] {
  const from = rowOf.get(edge.from);
  const to = rowOf.get(edge.to);
  if (from === undefined || to === undefined) return [];
  const bend = Math.min(90, 14 + Math.abs(from - to) / 3);
  return [
    `<path d="M ${NODE_X - 6} ${from} C ${NODE_X - bend} ${from}, ${NODE_X - bend} ${to}, ${NODE_X - 6} ${to}" fill="none" stroke="${COLOURS[edge.kind]}"${dashOf(edge.kind)}><title>${escapeXml(`${edge.kind}: ${edge.from} → ${edge.to}`)}</title></path>`,
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
