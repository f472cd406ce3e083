import { describe, expect, it } from "vitest";
import { madeCatalog } from "../testing/made-catalog.ts";
import { mermaidGraph } from "./mermaid.ts";
import { packageGraph, readDeprecations } from "./package-graph.ts";
import { svgGraph } from "./svg.ts";
import { textGraph } from "./text.ts";

const AMBER = {
  name: "amber",
  channels: {
    '<stable&"1">': [
      { name: "amber.v1.0.0" },
      { name: "amber.v1.1.0", replaces: "amber.v1.0.0", skips: ["amber.v1.0.5"], skipRange: "<1.1.0" },
      { name: "amber.v1.0.5" },
    ],
  },
};
const DEPRECATIONS = {
  schema: "olm.deprecations",
  package: "amber",
  entries: [{ reference: { schema: "olm.bundle", name: "amber.v1.0.0" }, message: "old" }],
};

describe("graphs", () => {
  it("hold nodes by version with their marks, and every kind of edge", async () => {
    const catalog = await madeCatalog([AMBER], [DEPRECATIONS]);
    const info = catalog.package("amber");
    if (info === undefined) throw new Error("no package");
    const graph = packageGraph(info, { deprecated: await readDeprecations(catalog, "amber"), selected: new Set(["amber.v1.1.0"]) });
    expect(graph.channels[0]?.nodes.map((node) => [node.name, node.head, node.skipped, node.deprecated, node.selected])).toEqual([
      ["amber.v1.1.0", true, false, false, true],
      ["amber.v1.0.5", false, true, false, false],
      ["amber.v1.0.0", false, false, true, false],
    ]);
    expect(graph.channels[0]?.edges.map((edge) => [edge.from, edge.kind])).toEqual([
      ["amber.v1.0.5", "skips"],
      ["amber.v1.0.0", "skipRange"],
      ["amber.v1.0.5", "skipRange"],
      ["amber.v1.0.0", "replaces"],
    ]);
    expect(textGraph(graph)).toBe(
      'amber\n  <stable&"1">  (default)\n    ● amber.v1.1.0  ← replaces amber.v1.0.0; skips amber.v1.0.5; skips <1.1.0  [head]\n    · amber.v1.0.5\n    ○ amber.v1.0.0  [deprecated]\n',
    );
    expect(mermaidGraph([graph])).toMatch(/\nclass amber-_stable__1__-amber\.v1\.0\.0 deprecated\n$/);
  });

  it("colour what is deprecated at the end of the chart, and leave out what is empty", async () => {
    const reference = (schema: string, name?: string): object => ({ reference: { schema, name }, message: "old" });
    const beryl = {
      name: "beryl",
      defaultChannel: "b",
      channels: {
        b: [{ name: "beryl.v1.0.0" }, { name: "beryl.v1.1.0", replaces: "beryl.v1.0.0", skipRange: "<=1.1.0" }],
        old: [{ name: "beryl.v0.9.0" }],
        side: [{ name: "beryl.v1.0.0" }, { name: "beryl.v2.0.0", replaces: "beryl.v0.9.0" }],
      },
    };
    const entries = [reference("olm.package"), reference("olm.channel", "b"), reference("olm.bundle", "beryl.v1.0.0")];
    const catalog = await madeCatalog([beryl], [{ schema: "olm.deprecations", package: "beryl", entries }]);
    const info = catalog.package("beryl");
    if (info === undefined) throw new Error("no package");
    const deprecated = await readDeprecations(catalog, "beryl");
    const chart = mermaidGraph([packageGraph(info, { deprecated, ownRanges: true, minimumEdge: "beryl.v1.0.0" })]).split("\n");
    expect(chart.slice(4)).toEqual([
      '  %% package "beryl"',
      '  subgraph "beryl"',
      '    %% channel "b"',
      '    subgraph beryl-b["b"]',
      '      beryl-b-beryl.v1.1.0["beryl.v1.1.0"]',
      '      beryl-b-beryl.v1.0.0["beryl.v1.0.0"]-- "skipRange(<=1.1.0)" --> beryl-b-beryl.v1.1.0["beryl.v1.1.0"]',
      '      beryl-b-beryl.v1.1.0["beryl.v1.1.0"]-- "skipRange(<=1.1.0)" --> beryl-b-beryl.v1.1.0["beryl.v1.1.0"]',
      '      beryl-b-beryl.v1.0.0["beryl.v1.0.0"]-- replace --> beryl-b-beryl.v1.1.0["beryl.v1.1.0"]',
      '      beryl-b-beryl.v1.0.0["beryl.v1.0.0"]',
      "    end",
      '    %% channel "side"',
      '    subgraph beryl-side["side"]',
      // 2.0.0 replaces only what is below the floor, so it is left out.
      '      beryl-side-beryl.v1.0.0["beryl.v1.0.0"]',
      "    end",
      "  end",
      "style beryl fill:#989695",
      "style beryl-b fill:#DCD0FF",
      "class beryl-b-beryl.v1.0.0,beryl-side-beryl.v1.0.0 deprecated",
      "",
    ]);
  });

  it("are drawn without anything of the publisher's that a browser would run", async () => {
    const catalog = await madeCatalog([
      AMBER,
      { name: "evil", channels: { 'x"><script>alert(1)</script>\u0000': [{ name: "e.v1.0.0" }] } },
    ]);
    for (const info of catalog.packages) {
      const svg = svgGraph(packageGraph(info));
      expect(svg).not.toContain("<script");
      expect(svg).not.toContain("\u0000");
      expect(svg.match(/<circle/g)).toHaveLength(info.bundles.size);
    }
    const evil = catalog.package("evil");
    expect(evil === undefined ? "" : mermaidGraph([packageGraph(evil)])).not.toContain('x">');
  });
});
