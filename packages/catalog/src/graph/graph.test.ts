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
    expect(mermaidGraph([graph])).toContain('["amber.v1.0.0"]:::deprecated');
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
