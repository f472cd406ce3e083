import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sharedPath } from "../../../../tests/shared-data.ts";
import { collect } from "../image/test-image.ts";
import { bundleImages } from "../images/bundle-images.ts";
import { openSqliteCatalog } from "../open/open-any.ts";
import { openFileCatalog } from "../open-catalog.ts";
import type { Catalog, ChannelEntry } from "../types.ts";
import { writeCatalog } from "../write/catalog.ts";
import { goJson } from "../write/go-json.ts";
import { canonicalHash } from "../write/test-canonical.ts";
import { wholeCatalog } from "../write/whole-catalog.ts";
import { channelHead, channelRows } from "./channel-rows.ts";
import { convertSqlite } from "./documents.ts";
import { splitObjects } from "./json-objects.ts";
import { writeDatabase } from "./write-database.ts";

const data = sharedPath("sqlite");
const catalogs = sharedPath("catalogs");
const golden = sharedPath("golden", "opm", "render");

let workdir = "";
beforeEach(async () => {
  workdir = await mkdtemp(join(tmpdir(), "skerry-sqlite-"));
});
afterEach(() => rm(workdir, { recursive: true, force: true }));

/** Documents of a catalog by schema, package and name, in a form that does not depend on the order of lists that have none. */
async function documents(catalog: Catalog): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const file of writeCatalog(catalog, wholeCatalog(catalog))) {
    for await (const bytes of file.content) {
      const document = JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>;
      const { description: _, ...rest } = document;
      const sorted = (key: string): Record<string, unknown> =>
        Array.isArray(rest[key]) ? { [key]: rest[key].map((item) => goJson(item)).sort() } : {};
      found.set(
        ["schema", "package", "name"].map((key) => String(document[key])).join(" "),
        goJson({ ...rest, ...sorted("entries"), ...sorted("properties"), ...sorted("relatedImages") }),
      );
    }
  }
  return found;
}

async function writtenAndRead(catalog: Catalog): Promise<Catalog> {
  const path = join(workdir, "out.db");
  await rm(path, { force: true });
  await writeDatabase({ catalog, selected: wholeCatalog(catalog) }, path);
  return openSqliteCatalog(path, { name: "out.db", workdir });
}

describe.skipIf(data === undefined)("convertSqlite (data/sqlite)", () => {
  it.each([
    ["oc-test", "", "none"],
    ["bundles", "", "none"],
    ["oc-test", ".migrated", "csv-metadata"],
    ["bundles", ".migrated", "csv-metadata"],
  ] as const)("converts %s%s as opm renders it", async (name, suffix, migrateLevel) => {
    const before = await readFile(`${data}/${name}.db`);
    const written: string[] = [];
    for await (const file of convertSqlite(`${data}/${name}.db`, { migrateLevel })) {
      for await (const bytes of file.content) written.push(canonicalHash(JSON.parse(Buffer.from(bytes).toString())));
    }
    const expected = readFileSync(`${golden}/sqlite-${name}${suffix}.jsonl`, "utf8")
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { sha256: string }).sha256);
    expect(written).toEqual(expected);
    expect(before.equals(await readFile(`${data}/${name}.db`))).toBe(true);
  });

  it("reads what a schema without the later columns and tables can tell", async () => {
    // Each step takes away what one migration added, from the newest schema down.
    const path = join(workdir, "old.db");
    const source = await openSqliteCatalog(`${data}/bundles.db`, { name: "bundles.db", workdir });
    await writeDatabase({ catalog: source, selected: wholeCatalog(source) }, path);
    await source.close();
    const steps = [
      "DROP TABLE deprecated",
      "ALTER TABLE operatorbundle DROP COLUMN substitutesfor",
      "DROP TABLE properties",
      "DROP TABLE dependencies",
      "ALTER TABLE operatorbundle DROP COLUMN replaces; ALTER TABLE operatorbundle DROP COLUMN skips",
      `CREATE TABLE p AS SELECT group_name, version, kind, channel_entry_id FROM api_provider; DROP TABLE api_provider; ALTER TABLE p RENAME TO api_provider;
       CREATE TABLE r AS SELECT group_name, version, kind, channel_entry_id FROM api_requirer; DROP TABLE api_requirer; ALTER TABLE r RENAME TO api_requirer`,
      "DROP INDEX pk; ALTER TABLE operatorbundle DROP COLUMN skiprange; ALTER TABLE operatorbundle DROP COLUMN version",
      "DROP TABLE api_requirer",
      "ALTER TABLE operatorbundle DROP COLUMN bundlepath",
      "DROP TABLE related_image",
    ];
    const seen: string[] = [];
    for (const step of ["", ...steps]) {
      const database = new DatabaseSync(path);
      database.exec(step);
      database.close();
      const catalog = await openSqliteCatalog(path, { name: "old.db", workdir });
      const bundle = await catalog.bundle("etcd", "etcdoperator.v0.9.2");
      const entry = catalog.package("etcd")?.channels[0]?.entries.find((one) => one.name === bundle.name);
      seen.push(
        [
          catalog.packages.length,
          bundle.image === "" ? "no image" : "image",
          bundle.properties.length,
          bundle.relatedImages.length,
          entry?.skipRange ?? "no range",
          entry?.skips?.join(),
        ].join(" "),
      );
      expect(bundle.properties.find((property) => property.type === "olm.package")?.value).toEqual({
        packageName: "etcd",
        version: "0.9.2",
      });
      await catalog.close();
    }
    const whole = "3 image 9 3 < 0.6.0 etcdoperator.v0.9.1";
    expect(seen).toEqual([
      ...Array.from({ length: 7 }, () => whole),
      "3 image 9 3 no range etcdoperator.v0.9.1",
      "3 image 8 3 no range etcdoperator.v0.9.1",
      "3 no image 8 3 no range etcdoperator.v0.9.1",
      "3 no image 8 2 no range etcdoperator.v0.9.1",
    ]);
  });

  it("leaves deprecated bundles out and mends rows whose text only the CSV has", async () => {
    const path = join(workdir, "changed.db");
    await copyFile(`${data}/bundles.db`, path);
    const database = new DatabaseSync(path);
    database.exec(
      "CREATE TABLE properties (type TEXT, value TEXT, operatorbundle_name TEXT, operatorbundle_version TEXT, operatorbundle_path TEXT)",
    );
    database.exec("INSERT INTO properties VALUES ('olm.deprecated', '{}', 'etcdoperator.v0.6.1', '0.6.1', '')");
    const csv = JSON.parse(
      String(database.prepare("SELECT CAST(csv AS TEXT) AS csv FROM operatorbundle WHERE name = 'etcdoperator.v0.9.0'").get()?.["csv"]),
    ) as { spec: Record<string, unknown> };
    csv.spec["relatedImages"] = [
      { name: "one", value: "quay.io/a/one:1" },
      { name: "two", image: "" },
    ];
    database.prepare("UPDATE operatorbundle SET csv = ? WHERE name = 'etcdoperator.v0.9.0'").run(JSON.stringify(csv));
    database.exec("INSERT INTO related_image VALUES ('', 'etcdoperator.v0.9.0'), ('', 'etcdoperator.v0.9.0')");
    database.close();
    const catalog = await openSqliteCatalog(path, { name: "changed.db", workdir });
    expect(catalog.package("etcd")?.bundles.has("etcdoperator.v0.6.1")).toBe(false);
    const result = bundleImages(await catalog.bundle("etcd", "etcdoperator.v0.9.0"));
    expect(result.problems.map((row) => [row.code, row.result])).toEqual([["REF_VALUE_KEY", "quay.io/a/one:1"]]);
    expect(result.broken.map((entry) => [entry.name, entry.problem.code])).toEqual([["two", "REF_EMPTY"]]);
    await catalog.close();
  });

  it("says what is wrong with a file that is no catalog database", async () => {
    await writeFile(join(workdir, "x.db"), "not a database");
    await expect(openSqliteCatalog(join(workdir, "x.db"), { name: "x", workdir })).rejects.toMatchObject({ code: "SQLITE_INVALID" });
    const empty = new DatabaseSync(join(workdir, "e.db"));
    empty.exec("CREATE VIEW package AS SELECT 1; CREATE TABLE t (x)");
    empty.close();
    await expect(openSqliteCatalog(join(workdir, "e.db"), { name: "e", workdir })).rejects.toMatchObject({
      code: "SQLITE_INVALID",
      message: expect.stringContaining("no table package"),
    });
  });

  it("survives rows of any kind and damaged pages", async () => {
    const value = fc.oneof(
      fc.constant(null),
      fc.string(),
      fc.constant("__proto__"),
      fc.constant("{"),
      fc.constant('{"a":1}{"kind":"ClusterServiceVersion"}'),
      fc.integer(),
      fc.uint8Array({ maxLength: 20 }),
    );
    const columns = [
      ["operatorbundle", "csv"],
      ["operatorbundle", "bundle"],
      ["operatorbundle", "bundlepath"],
      ["operatorbundle", "version"],
      ["operatorbundle", "skiprange"],
      ["channel_entry", "operatorbundle_name"],
      ["channel_entry", "replaces"],
      ["channel_entry", "depth"],
      ["channel", "head_operatorbundle_name"],
      ["package", "default_channel"],
      ["related_image", "image"],
      ["api_provider", "kind"],
    ] as const;
    const original = await readFile(`${data}/oc-test.db`);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...columns), value), { minLength: 1, maxLength: 4 }),
        fc.array(fc.tuple(fc.nat(original.byteLength - 1), fc.nat(255)), { maxLength: 3 }),
        async (changes, damage) => {
          const path = join(workdir, "fuzz.db");
          await writeFile(path, original);
          const database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
          for (const [[table, column], text] of changes) {
            try {
              database.prepare(`UPDATE ${table} SET ${column} = ?`).run(text);
            } catch {
              // A type that the column refuses (the row's own number) changes nothing.
            }
          }
          database.close();
          const bytes = await readFile(path);
          for (const [at, byte] of damage) bytes[at % bytes.byteLength] = byte;
          await writeFile(path, bytes);
          try {
            for await (const file of convertSqlite(path))
              JSON.parse(`[${(await collect(file.content)).toString().replaceAll(/^}\n(?=\{)/gm, "},\n")}]`);
          } catch (error) {
            expect(error).toMatchObject({ name: "CatalogError" });
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe.skipIf(catalogs === undefined)("writeDatabase (data/catalogs)", () => {
  it.each(["sqlite/oc-test.db", "sqlite/bundles.db"])("gives back %s as it was, with the same bytes each time", async (path) => {
    const catalog = await openSqliteCatalog(sharedPath(path) ?? "", { name: path, workdir });
    const back = await writtenAndRead(catalog);
    expect(await documents(back)).toEqual(await documents(catalog));
    const first = createHash("sha256")
      .update(await readFile(join(workdir, "out.db")))
      .digest("hex");
    await back.close();
    await (await writtenAndRead(catalog)).close();
    expect(
      createHash("sha256")
        .update(await readFile(join(workdir, "out.db")))
        .digest("hex"),
    ).toBe(first);
    await catalog.close();
  });

  it.each(["v4.14/dell-csm-operator", "v4.20/alloydb-omni-operator", "v4.20/dell-csm-operator"])(
    "gives back %s, both forms of bundles",
    async (path) => {
      const catalog = await openFileCatalog(`${catalogs}/${path}`);
      const back = await writtenAndRead(catalog);
      expect(await documents(back)).toEqual(await documents(catalog));
      await back.close();
      await catalog.close();
    },
  );

  it("makes an entry of what a channel replaces and the package has elsewhere, because a database cannot tell them apart", async () => {
    const catalog = await openFileCatalog(`${catalogs}/v4.20/sailoperator`);
    const back = await writtenAndRead(catalog);
    let added = 0;
    for (const channel of catalog.packages[0]?.channels ?? []) {
      const own = new Map(channel.entries.map((entry) => [entry.name, entry]));
      const lower = new Set(channel.entries.flatMap((entry) => [entry.replaces ?? "", ...(entry.skips ?? [])]));
      const read = back.packages[0]?.channels.find((other) => other.name === channel.name)?.entries ?? [];
      for (const entry of read.filter((one) => !own.has(one.name))) {
        expect(lower.has(entry.name)).toBe(true);
        added += 1;
      }
      expect(read.filter((entry) => own.has(entry.name)).map((entry) => entry.replaces)).toEqual(
        channel.entries.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((entry) => entry.replaces),
      );
    }
    expect(added).toBe(5);
    await back.close();
    await catalog.close();
  });
});

describe("channelRows", () => {
  it("keeps every edge of a random channel readable: the least depth replaces, the others skip", () => {
    const name = fc.constantFrom("a", "b", "c", "d", "e", "f");
    const entry = fc.record({
      name,
      replaces: fc.option(name, { nil: undefined }),
      skips: fc.option(fc.uniqueArray(name, { maxLength: 3 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.uniqueArray(entry, { selector: (one) => one.name, minLength: 1 }), (list) => {
        const entries = list.map(
          (one): ChannelEntry => ({
            name: one.name,
            ...(one.replaces === undefined ? {} : { replaces: one.replaces }),
            ...(one.skips === undefined ? {} : { skips: one.skips }),
          }),
        );
        const rows = channelRows(entries, 7);
        expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length);
        const nameOf = new Map(rows.map((row) => [row.id, row.bundle]));
        for (const one of entries) {
          const [first, ...others] = rows.filter((row) => row.bundle === one.name).sort((a, b) => a.depth - b.depth);
          expect(first?.replaces === null ? undefined : nameOf.get(first?.replaces ?? 0)).toBe(one.replaces);
          expect(others.map((row) => nameOf.get(row.replaces ?? 0)).sort()).toEqual([...(one.skips ?? [])].sort());
        }
      }),
    );
    expect(channelHead([{ name: "a" }, { name: "b", replaces: "a" }])).toBe("b");
  });
});

describe("splitObjects", () => {
  it("cuts concatenated objects apart", () => {
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.string(), fc.json()), { maxLength: 5 }), fc.constantFrom("", "\n", " "), (objects, gap) => {
        const texts = objects.map((object) => JSON.stringify(object));
        expect(splitObjects(texts.join(gap))).toEqual(texts);
      }),
    );
    for (const text of ["{", "[1]", '{"a":"', "x", '{"a":1}x']) expect(splitObjects(text)).toBeUndefined();
  });
});
