import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sharedPath } from "../../../../tests/shared-data.ts";
import { collect } from "../image/test-image.ts";
import { openCatalogTree, openFileCatalog } from "../open-catalog.ts";
import { memoryFile } from "../scan/source-files.ts";
import type { Catalog, CatalogFile, Selected } from "../types.ts";
import { writeCatalog } from "./catalog.ts";
import { canonicalHash } from "./test-canonical.ts";
import { wholeCatalog } from "./whole-catalog.ts";

const catalogs = sharedPath("catalogs");
const golden = sharedPath("golden", "opm", "render");

async function texts(files: AsyncIterable<CatalogFile>): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const file of files) found.set(file.path, (await collect(file.content)).toString());
  return found;
}

function memoryCatalog(documents: readonly unknown[]): Promise<Catalog> {
  const bytes = Buffer.from(documents.map((document) => JSON.stringify(document)).join("\n"));
  return openCatalogTree({ files: [memoryFile("catalog.json", bytes)], problems: [], close: async () => undefined }, { name: "test" });
}

const bundle = (name: string, more: object = {}): object => ({
  schema: "olm.bundle",
  name,
  package: "amber",
  image: `quay.io/amber/bundle:${name}`,
  properties: [{ type: "olm.package", value: { packageName: "amber", version: name.replace("amber.v", "") } }],
  ...more,
});
const amber = [
  { schema: "olm.package", name: "amber", defaultChannel: "stable" },
  {
    schema: "olm.channel",
    name: "stable",
    package: "amber",
    entries: [{ name: "amber.v1.0.0" }, { name: "amber.v1.1.0", replaces: "amber.v1.0.0" }],
  },
  { schema: "olm.channel", name: "old", package: "amber", entries: [{ name: "amber.v1.0.0" }] },
  bundle("amber.v1.1.0"),
  bundle("amber.v1.0.0"),
  {
    schema: "olm.deprecations",
    package: "amber",
    entries: [
      { reference: { schema: "olm.package" }, message: "p" },
      { reference: { schema: "olm.channel", name: "old" }, message: "c" },
      { reference: { schema: "olm.bundle", name: "amber.v1.0.0" }, message: "b" },
    ],
  },
  { schema: "io.test.lifecycle", package: "amber", phases: [{ until: "2027-01-01" }], "2": 1, "10": 2 },
  { schema: "io.test.lifecycle", package: "beryl" },
  { schema: "io.test.about", name: "whole" },
];

describe("writeCatalog", () => {
  it.skipIf(golden === undefined).each(["v4.20", "v4.14"])(
    "writes every document of %s as opm does (data/golden/opm/render)",
    async (version) => {
      const catalog = await openFileCatalog(`${catalogs}/${version}`);
      const expected = readFileSync(`${golden}/${version}.jsonl`, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { sha256: string });
      const written: string[] = [];
      for await (const file of writeCatalog(catalog, wholeCatalog(catalog))) {
        for await (const document of file.content) written.push(canonicalHash(JSON.parse(Buffer.from(document).toString())));
      }
      expect(written).toEqual(expected.map((document) => document.sha256));
      await catalog.close();
    },
  );

  it.skipIf(golden === undefined)("migrates v4.14 as opm does (data/golden/opm/render)", async () => {
    const catalog = await openFileCatalog(`${catalogs}/v4.14`);
    const expected = readFileSync(`${golden}/v4.14.migrated.jsonl`, "utf8")
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { sha256: string }).sha256);
    const written: string[] = [];
    for await (const file of writeCatalog(catalog, wholeCatalog(catalog), { migrateLevel: "csv-metadata" })) {
      for await (const document of file.content) written.push(canonicalHash(JSON.parse(Buffer.from(document).toString())));
    }
    expect(written).toEqual(expected);
    await catalog.close();
  });

  it.skipIf(golden === undefined)("has opm's own bytes (data/golden/opm/render/full)", async () => {
    const catalog = await openFileCatalog(`${catalogs}/v4.20/libredb-studio-operator`);
    const files = await texts(writeCatalog(catalog, wholeCatalog(catalog)));
    expect(files.get("libredb-studio-operator/catalog.json")).toBe(
      readFileSync(`${golden}/full/v4.20-libredb-studio-operator.json`, "utf8"),
    );
    await catalog.close();
  });

  it("keeps what belongs to the kept and trims deprecations", async () => {
    const catalog = await memoryCatalog(amber);
    const selected: Selected = {
      packages: [
        {
          name: "amber",
          defaultChannel: "stable",
          channels: [{ name: "stable", entries: [{ name: "amber.v1.1.0", replaces: "amber.v1.0.0" }], head: "amber.v1.1.0" }],
          bundles: ["amber.v1.1.0"],
        },
      ],
      problems: [],
      unchanged: false,
    };
    const files = await texts(writeCatalog(catalog, selected));
    expect([...files.keys()]).toEqual(["catalog.json", "amber/catalog.json"]);
    expect(files.get("catalog.json")).toBe('{\n    "name": "whole",\n    "schema": "io.test.about"\n}\n');
    const documents = (files.get("amber/catalog.json") ?? "")
      .split(/(?<=^})\n/m)
      .filter((text) => text !== "")
      .map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(documents.map((document) => document["schema"])).toEqual([
      "olm.package",
      "olm.channel",
      "olm.bundle",
      "io.test.lifecycle",
      "olm.deprecations",
    ]);
    expect(documents[4]?.["entries"]).toEqual([{ reference: { schema: "olm.package" }, message: "p" }]);
    expect(files.get("amber/catalog.json")).toContain('    "10": 2,\n    "2": 1,\n    "package"');
  });

  it("gives the same bytes whatever the order of the input", async () => {
    const [one, two] = [await memoryCatalog(amber), await memoryCatalog(amber.toReversed())];
    expect(await texts(writeCatalog(one, wholeCatalog(one)))).toEqual(await texts(writeCatalog(two, wholeCatalog(two))));
  });

  it("writes repaired references repaired, leaves out unparsable ones, keeps empty ones", async () => {
    const images = [
      { name: "a", image: "oci://quay.io/a/a:1" },
      { name: "b", image: "quay.io/a/b@" },
      { name: "c", image: "" },
      { name: "d", image: "quay.io/a/d" },
    ];
    const catalog = await memoryCatalog([...amber.slice(0, 3), bundle("amber.v1.0.0", { relatedImages: images }), bundle("amber.v1.1.0")]);
    const row = (index: number, more: object): Selected["problems"][number] => ({
      code: "REF_SCHEME",
      severity: "warning",
      subject: "amber.v1.0.0",
      package: "amber",
      bundle: "amber.v1.0.0",
      field: `relatedImages[${index}].image`,
      action: "repaired",
      message: "",
      ...more,
    });
    const repairs = [
      row(0, { result: "quay.io/a/a:1" }),
      row(1, { code: "REF_INVALID", action: "dropped" }),
      row(2, { code: "REF_EMPTY", action: "dropped" }),
      row(3, { code: "REF_NO_TAG", result: "quay.io/a/d:latest" }),
    ];
    const text = (await texts(writeCatalog(catalog, wholeCatalog(catalog), { repairs }))).get("amber/catalog.json") ?? "";
    expect([...text.matchAll(/"image": "(.*)"/g)].map((match) => match[1])).toEqual([
      "quay.io/amber/bundle:amber.v1.0.0",
      "",
      "quay.io/a/a:1",
      "quay.io/a/d",
      "quay.io/amber/bundle:amber.v1.1.0",
    ]);
  });
});
