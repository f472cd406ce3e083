import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Descriptor } from "@skerry/oci";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openCatalogTree } from "../open-catalog.ts";
import { memoryFile } from "../scan/source-files.ts";
import type { Catalog } from "../types.ts";
import { catalogShape } from "../write/test-shape.ts";
import { buildCatalog, formatForBase } from "./build-catalog.ts";
import type { BuiltImage } from "./build-image.ts";
import { imageConfig, platformImages } from "./image-manifest.ts";
import { readCatalogImage } from "./read-catalog-image.ts";
import { TestStore, testLayer } from "./test-image.ts";

const DOCUMENTS = [
  { schema: "olm.package", name: "amber", defaultChannel: "stable" },
  { schema: "olm.channel", name: "stable", package: "amber", entries: [{ name: "amber.v1.0.0" }] },
  {
    schema: "olm.bundle",
    name: "amber.v1.0.0",
    package: "amber",
    image: "q.io/a/b:1",
    properties: [{ type: "olm.package", value: { packageName: "amber", version: "1.0.0" } }],
  },
  { schema: "olm.deprecations", package: "amber", entries: [{ reference: { schema: "olm.package" }, message: "old" }] },
];

let workdir = "";
let catalog: Catalog;
let store: TestStore;
let base: Descriptor;
beforeEach(async () => {
  workdir = await mkdtemp(join(tmpdir(), "skerry-buildcatalog-"));
  const bytes = Buffer.from(DOCUMENTS.map((document) => JSON.stringify(document)).join("\n"));
  catalog = await openCatalogTree(
    { files: [memoryFile("c.json", bytes)], problems: [], close: async () => undefined },
    { name: "c", workdir },
  );
  store = new TestStore();
  base = await store.image({
    layers: [await testLayer({ "bin/opm": "x" })],
    config: { Cmd: ["--database", "/database/x.db"], Entrypoint: ["/bin/registry-server"] },
  });
});
afterEach(async () => {
  await catalog.close();
  await rm(workdir, { recursive: true, force: true });
});

async function started(built: BuiltImage): Promise<unknown> {
  for await (const image of platformImages({ reader: built.reader, place: store.place, descriptor: built.root })) {
    const { config } = (await imageConfig({ reader: built.reader, place: store.place }, image.manifest)) as {
      config: Record<string, unknown>;
    };
    return [config["Entrypoint"], config["Cmd"]];
  }
  return undefined;
}

describe("buildCatalog", () => {
  it.each([
    ["fbc", true, [["/bin/opm"], ["serve", "/configs"]], 0],
    ["fbc", false, [undefined, undefined], 0],
    ["sqlite", true, [["/bin/registry-server"], ["--database", "/bundles.db"]], 1],
  ] as const)("makes %s (over a base: %s)", async (format, isOver, start, lost) => {
    const image = { reader: store, place: store.place, descriptor: base };
    const built = await buildCatalog({ catalog, format, base: isOver ? image : undefined, workdir: join(workdir, "build") });
    expect(await started(built)).toEqual(start);
    expect(built.problems).toHaveLength(lost);
    const back = await readCatalogImage(built.reader, { place: store.place, descriptor: built.root }, { workdir: join(workdir, "read") });
    expect(catalogShape(back)).toEqual((catalogShape(catalog) as object[]).map((info) => ({ ...info, deprecations: format === "fbc" })));
    await back.close();
    await built.close();
    expect(await readdir(join(workdir, "build"))).toEqual([]);
  });

  it("refuses a database that no pod could serve", async () => {
    await expect(buildCatalog({ catalog, format: "sqlite", workdir })).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringContaining("no pod"),
    });
  });

  it("knows which bases read databases alone", () => {
    const repository = "openshift4/ose-operator-registry";
    expect(
      [
        { repository, tag: "v4.3" },
        { repository, tag: "v4.10.1" },
        { repository: `${repository}-rhel9`, tag: "v4.15" },
        { repository, tag: "v4.11" },
        { repository: "operator-framework/opm", tag: "v1.30" },
        undefined,
      ].map(formatForBase),
    ).toEqual(["sqlite", "sqlite", "fbc", "fbc", "fbc", "fbc"]);
  });
});
