import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openCatalogTree, openFileCatalog } from "./open-catalog.ts";
import { memoryFile, singleFile } from "./scan/source-files.ts";
import { documentsOf, madeCatalog } from "./testing/made-catalog.ts";

const AMBER = { name: "amber", channels: { stable: [{ name: "amber.v1.0.0" }] } };

describe("openFileCatalog", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "skerry-open-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("reads bodies on demand, and refuses one that changed under it", async () => {
    const path = join(folder, "catalog.json");
    const text = documentsOf(AMBER)
      .map((document) => JSON.stringify(document))
      .join("\n");
    await writeFile(path, text);
    const catalog = await openFileCatalog(path);
    expect(await catalog.bundle("amber", "amber.v1.0.0")).toMatchObject({
      package: "amber",
      properties: [{ type: "olm.package", value: { version: "1.0.0" } }],
      relatedImages: [],
    });
    await expect(catalog.bundle("amber", "amber.v9")).rejects.toMatchObject({ code: "BUNDLE_UNKNOWN" });
    await writeFile(path, text.replaceAll("amber.v1.0.0", "amber.v6.6.6"));
    await expect(catalog.bundle("amber", "amber.v1.0.0")).rejects.toMatchObject({ code: "DOCUMENT_INVALID" });
    await catalog.close();
  });

  it("leaves nothing behind in the folder of temporary files", async () => {
    const big = `schema: x.big\ndata: ${"x".repeat(3_000_000)}\n`;
    await writeFile(join(folder, "big.yaml"), big);
    const workdir = await mkdtemp(join(folder, "work-"));
    const catalog = await openFileCatalog(join(folder, "big.yaml"), { workdir });
    expect(await readdir(workdir)).toEqual([]);
    const bodies: unknown[] = [];
    for await (const { body } of catalog.documents(() => true)) bodies.push(body["data"]);
    expect(bodies).toEqual(["x".repeat(3_000_000)]);
    await catalog.close();
  });

  it("keeps one bad package from sinking the others, and tells what was left out", async () => {
    const catalog = await madeCatalog(
      [AMBER],
      [
        { schema: "olm.channel", package: "lost", name: "stable", entries: [] },
        { schema: "olm.channel", package: "amber", name: "bad", entries: "none" },
        { schema: "olm.bundle", package: "amber", name: "amber.v1.0.0" },
        { schema: "x.other", package: "nobody", name: "kept" },
      ],
    );
    expect(catalog.packages.map(({ name, channels }) => [name, channels.map((channel) => channel.name)])).toEqual([
      ["amber", ["stable", "bad"].slice(0, 1)],
    ]);
    expect(catalog.problems.map(({ code, package: name, bundle, channel }) => [code, name, channel ?? bundle])).toEqual([
      ["PACKAGE_INVALID", "amber", "bad"],
      ["PACKAGE_INVALID", "amber", "amber.v1.0.0"],
      ["PACKAGE_INVALID", "lost", undefined],
    ]);
    const schemas: string[] = [];
    for await (const { document } of catalog.documents(() => true)) schemas.push(document.schema);
    expect(schemas).toEqual(["olm.package", "olm.channel", "olm.bundle", "x.other"]);
    const all: string[] = [];
    for await (const { document } of catalog.documents(() => true, { leftOut: true })) all.push(document.schema);
    expect(all).toHaveLength(7);
  });

  it("never tells a version that only stands in a description, nor reads what is nested too deeply", async () => {
    const text = [
      "schema: olm.package\nname: p\ndefaultChannel: c\n",
      "schema: olm.bundle\nname: p.v1\npackage: p\nimage: registry.test/p:1\nproperties:\n- type: olm.csv.metadata\n  value:\n    description: |\n      - type: olm.package\n        value: {packageName: p, version: 9.9.9}\n- type: olm.package\n  value:\n    packageName: p\n    version: 1.0.0\n",
    ].join("---\n");
    await writeFile(join(folder, "p.yaml"), text);
    await writeFile(join(folder, "q.json"), `{\n  "schema": "x.deep",\n  "a": ${"[".repeat(200)}${"]".repeat(200)}\n}\n`);
    const catalog = await openFileCatalog(folder);
    expect(catalog.package("p")?.bundles.get("p.v1")?.version).toBe("1.0.0");
    expect(await catalog.bundle("p", "p.v1")).toMatchObject({ name: "p.v1" });
    const read = async (): Promise<void> => {
      for await (const _ of catalog.documents((document) => document.schema === "x.deep"));
    };
    await expect(read()).rejects.toMatchObject({ code: "DOCUMENT_INVALID" });
    await catalog.close();
  });

  it("agrees with a whole parse for damaged YAML, or refuses the body", async () => {
    const seed =
      "schema: olm.bundle\nname: p.v1\npackage: p\nimage: registry.test/p:1\nproperties:\n- type: x.note\n  value: |\n    text\n- type: olm.package\n  value:\n    packageName: p\n    version: 1.0.0\nrelatedImages: []\n";
    const change = fc.record({
      at: fc.nat(seed.length),
      drop: fc.nat(4),
      put: fc.constantFrom(
        "",
        " ",
        "\n",
        "- ",
        "  ",
        '"',
        "'",
        ": ",
        "#",
        "|",
        "&a ",
        "*a",
        "name: q\n",
        "type: olm.package\n",
        "- type: olm.package\n  value: {version: 2.0.0}\n",
        "\n  more",
        "? ",
        "<<: {}\n",
        "image: other\n",
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const text = changes.reduce((now, { at, drop, put }) => now.slice(0, at) + put + now.slice(at + drop), seed);
        const catalog = await openCatalogTree(singleFile(memoryFile("p.yaml", Buffer.from(`schema: olm.package\nname: p\n---\n${text}`))), {
          name: "fuzzed",
        });
        for (const info of catalog.packages) {
          for (const told of info.bundles.values()) {
            const bundle = await catalog.bundle(info.name, told.name).catch((error: unknown) => {
              expect(error).toMatchObject({ name: "CatalogError" });
              return undefined;
            });
            if (bundle === undefined) continue;
            const own = bundle.properties.find((property) => property.type === "olm.package")?.value as { version?: unknown } | undefined;
            expect({ image: told.image, version: told.version }).toEqual({
              image: bundle.image,
              version: typeof own?.version === "string" ? own.version : "",
            });
          }
        }
        await catalog.close();
      }),
      { numRuns: 500 },
    );
  });

  it("stops at an aborted signal and refuses what is not there", async () => {
    await writeFile(join(folder, "a.json"), "{}");
    await expect(openFileCatalog(folder, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    await expect(openFileCatalog(join(folder, "none"))).rejects.toMatchObject({ code: "CATALOG_UNREADABLE" });
  });
});
