import { describe, expect, it } from "vitest";
import { madeCatalog } from "../testing/made-catalog.ts";
import { diffCatalogs } from "./diff-catalogs.ts";
import { searchCatalog } from "./search-catalog.ts";

const metadata = (displayName: string, keywords: readonly string[]): { type: string; value: unknown } => ({
  type: "olm.csv.metadata",
  value: { displayName, keywords, provider: { name: "Test" } },
});

describe("diffCatalogs", () => {
  it("names packages, channels, entries and bundles that came, went or changed", async () => {
    const before = await madeCatalog([
      { name: "gone", channels: { stable: [{ name: "gone.v1.0.0" }] } },
      { name: "same", channels: { stable: [{ name: "same.v1.0.0" }] } },
      { name: "moved", channels: { stable: [{ name: "moved.v1.0.0" }], old: [{ name: "moved.v1.0.0" }] } },
    ]);
    const after = await madeCatalog([
      { name: "same", channels: { stable: [{ name: "same.v1.0.0" }] } },
      {
        name: "moved",
        defaultChannel: "fast",
        channels: {
          stable: [
            { name: "moved.v1.1.0", replaces: "moved.v1.0.0" },
            { name: "moved.v1.0.0", skipRange: "<1.0.0" },
          ],
          fast: [{ name: "moved.v1.1.0" }],
        },
      },
    ]);
    const diff = diffCatalogs(before, after);
    expect(diff.map(({ package: name, change }) => [name, change])).toEqual([
      ["gone", "removed"],
      ["moved", "changed"],
    ]);
    expect(diff[1]).toMatchObject({
      defaultChannel: { from: "stable", to: "fast" },
      channels: [
        { channel: "fast", change: "added", addedEntries: ["moved.v1.1.0"] },
        { channel: "old", change: "removed", removedEntries: ["moved.v1.0.0"] },
        { channel: "stable", change: "changed", addedEntries: ["moved.v1.1.0"], changedEntries: ["moved.v1.0.0"] },
      ],
      addedBundles: [{ bundle: "moved.v1.1.0", version: "1.1.0" }],
      removedBundles: [],
    });
    expect(diffCatalogs(after, after)).toEqual([]);
  });
});

describe("searchCatalog", () => {
  it("finds packages that hold every word, the name first", async () => {
    const catalog = await madeCatalog([
      { name: "mesh", channels: { stable: [{ name: "mesh.v1.0.0" }] } },
      {
        name: "sail",
        channels: { stable: [{ name: "sail.v1.0.0" }] },
        properties: { "sail.v1.0.0": [metadata("Sail Operator", ["Mesh", "istio"])] },
      },
      { name: "other", channels: { stable: [{ name: "other.v1.0.0" }] } },
    ]);
    expect((await searchCatalog(catalog, ["MESH"])).map(({ package: name }) => name)).toEqual(["mesh", "sail"]);
    expect(await searchCatalog(catalog, ["mesh", "istio"])).toMatchObject([
      { package: "sail", displayName: "Sail Operator", fields: ["keywords"] },
    ]);
    expect(await searchCatalog(catalog, [" ".trim()])).toEqual([]);
  });
});
