import { describe, expect, it } from "vitest";
import { type MadePackage, madeCatalog } from "../testing/made-catalog.ts";
import type { Selected } from "../types.ts";
import { resolveDependencies } from "./resolve-dependencies.ts";

const gvk = (kind: string): { group: string; version: string; kind: string } => ({ group: "x.test", version: "v1", kind });
const needsPackage = (packageName: string, versionRange: string): { type: string; value: unknown } => ({
  type: "olm.package.required",
  value: { packageName, versionRange },
});

const WORLD: readonly MadePackage[] = [
  {
    name: "app",
    channels: { stable: [{ name: "app.v1.0.0" }] },
    properties: { "app.v1.0.0": [needsPackage("db", "<2.0.0"), { type: "olm.gvk.required", value: gvk("Queue") }] },
  },
  {
    name: "db",
    channels: {
      stable: [{ name: "db.v2.0.0", replaces: "db.v1.1.0" }, { name: "db.v1.1.0", replaces: "db.v1.0.0" }, { name: "db.v1.0.0" }],
    },
    properties: { "db.v1.1.0": [needsPackage("disk", ">=1.0.0")] },
  },
  { name: "disk", channels: { stable: [{ name: "disk.v3.0.0" }] } },
  {
    name: "queue",
    channels: { beta: [{ name: "queue.v0.1.0" }] },
    properties: { "queue.v0.1.0": [{ type: "olm.gvk", value: gvk("Queue") }] },
  },
  {
    name: "rules",
    channels: { stable: [{ name: "rules.v1.0.0" }] },
    properties: {
      "rules.v1.0.0": [
        {
          type: "olm.constraint",
          value: {
            any: {
              constraints: [
                { package: { packageName: "none", versionRange: ">=1.0.0" } },
                { package: { packageName: "disk", versionRange: ">=1.0.0" } },
              ],
            },
          },
        },
        { type: "olm.constraint", value: { cel: { rule: "true" } } },
      ],
    },
  },
];

function kept(selected: Selected): Record<string, readonly string[]> {
  return Object.fromEntries(selected.packages.map((one) => [one.name, one.bundles]));
}

describe("resolveDependencies", () => {
  it("adds what is needed, and what that needs, with the reason for each choice", async () => {
    const { selected, choices, problems } = await resolveDependencies(
      await madeCatalog(WORLD),
      { packages: [{ name: "app" }] },
      { mode: "resolve" },
    );
    expect(kept(selected)).toEqual({ app: ["app.v1.0.0"], db: ["db.v1.1.0"], disk: ["disk.v3.0.0"], queue: ["queue.v0.1.0"] });
    expect(choices.map(({ bundle, need, provider }) => [bundle, need, provider?.bundle])).toEqual([
      ["app.v1.0.0", "package db <2.0.0", "db.v1.1.0"],
      ["app.v1.0.0", "API x.test/v1/Queue", "queue.v0.1.0"],
      ["db.v1.1.0", "package disk >=1.0.0", "disk.v3.0.0"],
    ]);
    expect(problems).toEqual([]);
  });

  it("only tells with report, and does nothing with off", async () => {
    const catalog = await madeCatalog(WORLD);
    const report = await resolveDependencies(catalog, { packages: [{ name: "app" }] }, { mode: "report" });
    expect(kept(report.selected)).toEqual({ app: ["app.v1.0.0"] });
    expect(report.problems.map(({ code, original }) => [code, original])).toEqual([
      ["DEPENDENCY_UNMET", "package db <2.0.0"],
      ["DEPENDENCY_UNMET", "API x.test/v1/Queue"],
    ]);
    expect((await resolveDependencies(catalog, { packages: [{ name: "app" }] }, { mode: "off" })).choices).toEqual([]);
  });

  it("keeps the heads of a package that an older version is added to", async () => {
    const { selected } = await resolveDependencies(
      await madeCatalog(WORLD),
      { packages: [{ name: "app" }, { name: "db" }] },
      { mode: "resolve" },
    );
    expect(kept(selected)["db"]).toEqual(["db.v1.1.0", "db.v2.0.0"]);
  });

  it("takes the alternative that the catalog has, and says what only a cluster can tell", async () => {
    const { selected, problems } = await resolveDependencies(
      await madeCatalog(WORLD),
      { packages: [{ name: "rules" }] },
      { mode: "resolve" },
    );
    expect(Object.keys(kept(selected))).toEqual(["disk", "rules"]);
    expect(problems.map(({ severity, message }) => [severity, message.includes("only a cluster")])).toEqual([["info", true]]);
  });
});
