import { describe, expect, it } from "vitest";
import { renderText } from "../render/render-catalog.ts";
import { madeCatalog } from "../testing/made-catalog.ts";
import { sarifLog } from "./sarif.ts";
import { validateCatalog } from "./validate-catalog.ts";

const GOOD = { name: "good", channels: { stable: [{ name: "good.v1.0.0" }] } };

describe("validateCatalog", () => {
  it("accepts a good catalog and says what a console will miss", async () => {
    const { valid, opm, problems } = await validateCatalog(await madeCatalog([GOOD]));
    expect({ valid, opm }).toEqual({ valid: true, opm: "1.73" });
    expect(problems.map(({ rule, severity }) => [rule, severity])).toEqual([
      ["lint-icon", "info"],
      ["lint-tag-only", "info"],
    ]);
  });

  it.each(["__proto__", "constructor", "valueOf"])("takes %s for a type and a schema like any other", async (name) => {
    const catalog = await madeCatalog(
      [{ ...GOOD, properties: { "good.v1.0.0": [{ type: name, value: {} }] } }],
      [
        { schema: name, package: "good", name: "x" },
        { schema: name, name: "y" },
      ],
    );
    expect((await validateCatalog(catalog)).valid).toBe(true);
    const rendered = await Array.fromAsync(renderText(catalog, { format: "json" }));
    expect(rendered).toHaveLength(5);
  });

  it("reports every bad package with file, line and rule, and hides none behind another", async () => {
    const { valid, problems } = await validateCatalog(
      await madeCatalog([
        GOOD,
        { name: "heads", channels: { stable: [{ name: "heads.v1.0.0" }, { name: "heads.v1.1.0" }] } },
        {
          name: "ring",
          channels: {
            stable: [
              { name: "ring.v1.2.0", replaces: "ring.v1.1.0" },
              { name: "ring.v1.1.0", replaces: "ring.v1.0.0" },
              { name: "ring.v1.0.0", replaces: "ring.v1.1.0" },
            ],
          },
        },
        { name: "hole", channels: { stable: [{ name: "hole.v1.0.0" }] }, withoutBundle: ["hole.v1.0.0"] },
        { name: "twice", channels: { stable: [{ name: "a" }, { name: "b", replaces: "a" }] }, versions: { a: "1.0.0", b: "1.0.0" } },
      ]),
      { lints: false },
    );
    expect(valid).toBe(false);
    expect(problems.map(({ package: name, rule, code }) => [name, rule, code])).toEqual([
      ["heads", "graph-heads", "CHANNEL_HEADS"],
      ["hole", "channel-bundle", "PACKAGE_INVALID"],
      ["ring", "graph-cycle", "CHANNEL_CYCLE"],
      ["twice", "package-versions", "PACKAGE_INVALID"],
    ]);
    for (const problem of problems) {
      expect(problem.file).toBe("catalog.json");
      expect(problem.line).toBeGreaterThan(1);
    }
  });

  it("judges by the rules of the release that is asked for", async () => {
    const catalog = await madeCatalog([
      { name: "Upper", channels: { stable: [{ name: "a", skipRange: "^1.0.0" }] }, versions: { a: "1.0.0" } },
    ]);
    const rules = async (opm: string): Promise<readonly (string | undefined)[]> =>
      (await validateCatalog(catalog, { opm, lints: false })).problems.map(({ rule }) => rule);
    expect(await rules("1.40")).toEqual([]);
    expect(await rules("v1.41.0")).toEqual(["package-name"]);
    expect([...(await rules("1.73"))].sort()).toEqual(["bundle-image", "channel-skip-range", "package-name"]);
    await expect(validateCatalog(catalog, { opm: "2" })).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });

  it("names what opm accepts and a cluster stumbles over", async () => {
    const csv = {
      kind: "ClusterServiceVersion",
      spec: {
        install: {
          strategy: "deployment",
          spec: {
            deployments: [{ spec: { template: { spec: { containers: [{ name: "c", image: "registry.test/unlisted@sha256:bb" }] } } } }],
          },
        },
      },
    };
    const { valid, problems } = await validateCatalog(
      await madeCatalog([
        {
          name: "odd",
          channels: { stable: [{ name: "odd.v1.1.0", replaces: "odd.v1.0.0" }] },
          properties: {
            "odd.v1.1.0": [
              { type: "olm.maxOpenShiftVersion", value: 4.2 },
              { type: "olm.bundle.object", value: { data: Buffer.from(JSON.stringify(csv)).toString("base64") } },
            ],
          },
        },
      ]),
    );
    expect(valid).toBe(true);
    expect(problems.map(({ rule, code, severity }) => [rule, code, severity])).toEqual([
      ["lint-icon", "PACKAGE_INVALID", "info"],
      ["lint-tag-only", "REF_TAG_ONLY", "info"],
      ["lint-unlisted-image", "IMAGE_UNLISTED", "warning"],
      ["lint-max-openshift", "PACKAGE_INVALID", "warning"],
      ["lint-dangling-replaces", "REPLACES_DANGLING", "warning"],
    ]);
  });

  it("becomes a SARIF log with a place for each row", async () => {
    const validation = await validateCatalog(
      await madeCatalog([{ name: "heads", channels: { stable: [{ name: "heads.v1.0.0" }, { name: "heads.v1.1.0" }] } }]),
      { lints: false },
    );
    expect(sarifLog(validation, { version: "1.0.0" })).toMatchObject({
      version: "2.1.0",
      runs: [
        {
          tool: { driver: { name: "skerry", version: "1.0.0", rules: [{ id: "graph-heads" }] } },
          results: [
            {
              ruleId: "graph-heads",
              ruleIndex: 0,
              level: "error",
              locations: [{ physicalLocation: { artifactLocation: { uri: "catalog.json" }, region: { startLine: 6 } } }],
              properties: { code: "CHANNEL_HEADS", package: "heads", channel: "stable" },
            },
          ],
        },
      ],
    });
  });
});
