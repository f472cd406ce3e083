import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  type Catalog,
  goYaml,
  isCatalogError,
  openBundleCatalog,
  openFileCatalog,
  openPackageManifests,
  openSqliteCatalog,
  renderTemplate,
  wholeCatalog,
  writeDatabase,
} from "@skerry/catalog";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exerciseCatalog } from "./exercise.ts";
import { byteEdits, damage, damaged, hostileText } from "./hostile-values.ts";

/** A campaign: `SKERRY_FUZZ_RUNS=5000 npx vitest run tests/catalogs/reader-fuzz.test.ts`. Without it few runs of one seed. */
const campaign = Number(process.env["SKERRY_FUZZ_RUNS"] ?? 0);
const parameters = campaign > 0 ? { numRuns: campaign, interruptAfterTimeLimit: 600_000 } : { numRuns: 60, seed: 20_260_801 };
const TIMEOUT = campaign > 0 ? 700_000 : 60_000;

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "skerry-fuzz-"));
  const path = join(dir, "case-good.json");
  await writeFile(path, DOCUMENTS.map((document) => written(document, "json")).join(""));
  const catalog = await openFileCatalog(path);
  await writeDatabase({ catalog, selected: wholeCatalog(catalog) }, join(dir, "case-good.db"));
  await catalog.close();
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const CSV = {
  apiVersion: "operators.coreos.com/v1alpha1",
  kind: "ClusterServiceVersion",
  metadata: { name: "amber.v1.1.0", annotations: { "olm.skipRange": "<1.1.0", containerImage: "quay.io/a/op:v1" } },
  spec: {
    version: "1.1.0",
    replaces: "amber.v1.0.0",
    skips: ["amber.v0.9.0"],
    displayName: "Amber",
    description: "text",
    keywords: ["a"],
    icon: [{ base64data: "AAAA", mediatype: "image/png" }],
    relatedImages: [
      { name: "op", image: "quay.io/a/op:v1" },
      { name: "lost", value: "quay.io/a/lost:v1" },
    ],
    customresourcedefinitions: { owned: [{ name: "ambers.amber.test", kind: "Amber", version: "v1" }] },
    install: {
      strategy: "deployment",
      spec: {
        deployments: [
          {
            name: "op",
            spec: {
              template: {
                spec: {
                  initContainers: [{ name: "i", image: "quay.io/a/init:v1" }],
                  containers: [{ name: "c", image: "quay.io/a/op:v1", env: [{ name: "RELATED_IMAGE_X", value: "quay.io/a/x:v1" }] }],
                },
              },
            },
          },
        ],
      },
    },
  },
};
const bundle = (version: string, property: object): object => ({
  schema: "olm.bundle",
  name: `amber.v${version}`,
  package: "amber",
  image: `quay.io/a/bundle:v${version}`,
  properties: [
    { type: "olm.package", value: { packageName: "amber", version } },
    { type: "olm.gvk", value: { group: "amber.test", version: "v1", kind: "Amber" } },
    { type: "olm.package.required", value: { packageName: "beryl", versionRange: ">=1.0.0" } },
    { type: "olm.constraint", value: { any: { constraints: [{ gvk: { group: "b", version: "v1", kind: "B" } }] } } },
    property,
  ],
  relatedImages: [{ name: "op", image: "quay.io/a/op:v1" }],
});
const DOCUMENTS: readonly object[] = [
  { schema: "olm.package", name: "amber", defaultChannel: "stable", icon: { base64data: "AAAA", mediatype: "image/png" } },
  {
    schema: "olm.channel",
    package: "amber",
    name: "stable",
    entries: [{ name: "amber.v1.1.0", replaces: "amber.v1.0.0", skips: ["amber.v0.9.0"], skipRange: "<1.1.0" }, { name: "amber.v1.0.0" }],
  },
  bundle("1.0.0", { type: "olm.bundle.object", value: { data: Buffer.from(JSON.stringify(CSV)).toString("base64") } }),
  bundle("1.1.0", { type: "olm.csv.metadata", value: { displayName: "Amber", annotations: { a: "b" }, keywords: ["a"] } }),
  {
    schema: "olm.deprecations",
    package: "amber",
    entries: [{ reference: { schema: "olm.bundle", name: "amber.v1.0.0" }, message: "old" }],
  },
  { schema: "custom.thing", package: "amber", name: "x", more: { a: [1, 2] } },
  { schema: "olm.package", name: "beryl", defaultChannel: "only" },
  { schema: "olm.channel", package: "beryl", name: "only", entries: [{ name: "beryl.v1.0.0" }] },
];

/** Opens a catalog, does everything with it, and closes it; what cannot be opened has to say so in the package's words. */
async function exercised(open: () => Promise<Catalog>): Promise<void> {
  let catalog: Catalog;
  try {
    catalog = await open();
  } catch (error) {
    if (isCatalogError(error)) return;
    throw error;
  }
  try {
    await exerciseCatalog(catalog);
  } finally {
    await catalog.close();
  }
}

let count = 0;
function fresh(): string {
  count += 1;
  return join(dir, `case-${count}`);
}

describe("readers of hostile input", () => {
  it(
    "file-based catalogs, damaged by value and by byte",
    async () => {
      const input = fc.tuple(
        fc.array(fc.tuple(fc.nat(DOCUMENTS.length - 1), damage), { minLength: 1, maxLength: 4 }),
        fc.constantFrom("json", "pretty", "yaml"),
        fc.option(byteEdits),
      );
      await fc.assert(
        fc.asyncProperty(input, async ([damages, form, edits]) => {
          const documents: unknown[] = [...DOCUMENTS];
          for (const [at, one] of damages) documents[at] = damaged(documents[at], one);
          const text = documents.map((document) => written(document, form)).join("");
          const bytes = Buffer.from(text);
          const path = `${fresh()}.yaml`;
          await writeFile(path, edits === null ? bytes : edits(bytes));
          await exercised(() => openFileCatalog(path, { workdir: dir }));
          await rm(path);
        }),
        parameters,
      );
    },
    TIMEOUT,
  );

  it(
    "databases whose rows hold anything, of any schema",
    async () => {
      const cell = fc.oneof(
        hostileText,
        fc.constantFrom(null, 0, 1, -1, 2 ** 40, "amber", "stable", "amber.v1.0.0", "amber.v1.1.0", JSON.stringify(CSV), "1.0.0,1.1.0"),
        fc.uint8Array({ maxLength: 8 }),
        damage.map((one) => JSON.stringify(damaged(CSV, one)) ?? null),
      );
      const row = fc.record({ table: fc.nat(), cells: fc.array(cell, { minLength: 14, maxLength: 14 }) });
      const input = fc.record({
        rows: fc.array(row, { maxLength: 12 }),
        drop: fc.array(fc.nat(), { maxLength: 2 }),
        edits: fc.option(byteEdits),
      });
      await fc.assert(
        fc.asyncProperty(input, async ({ rows, drop, edits }) => {
          const path = `${fresh()}.db`;
          await copyFile(join(dir, "case-good.db"), path);
          spoilDatabase(path, rows, drop);
          if (edits !== null) await editFile(path, edits);
          await exercised(() => openSqliteCatalog(path, { name: "fuzz.db", workdir: dir }));
          await rm(path);
        }),
        parameters,
      );
    },
    TIMEOUT,
  );

  it(
    "package manifests and bundle folders",
    async () => {
      const PACKAGE = { packageName: "amber", channels: [{ name: "stable", currentCSV: "amber.v1.1.0" }], defaultChannel: "stable" };
      const ANNOTATIONS = {
        annotations: {
          "operators.operatorframework.io.bundle.package.v1": "amber",
          "operators.operatorframework.io.bundle.channels.v1": "stable",
          "operators.operatorframework.io.bundle.channel.default.v1": "stable",
        },
      };
      const DEPENDENCIES = { dependencies: [{ type: "olm.package", value: { packageName: "beryl", version: ">=1.0.0" } }] };
      const input = fc.tuple(damage, damage, damage, fc.option(byteEdits), fc.boolean());
      await fc.assert(
        fc.asyncProperty(input, async ([first, second, third, edits, asBundle]) => {
          const root = fresh();
          const put = async (path: string, value: unknown): Promise<void> => {
            await mkdir(join(root, path, ".."), { recursive: true });
            const bytes = Buffer.from(goYaml(value as never));
            await writeFile(join(root, path), edits === null ? bytes : edits(bytes));
          };
          if (asBundle) {
            await put("manifests/csv.yaml", damaged(CSV, first));
            await put("metadata/annotations.yaml", damaged(ANNOTATIONS, second));
            await put("metadata/dependencies.yaml", damaged(DEPENDENCIES, third));
            await exercised(() => openBundleCatalog(root, { name: "bundle", workdir: dir }));
          } else {
            await put("amber/1.1.0/csv.yaml", damaged(CSV, first));
            await put("amber/amber.package.yaml", damaged(PACKAGE, second));
            await exercised(() => openPackageManifests(root, { name: "manifests", workdir: dir }));
          }
          await rm(root, { recursive: true, force: true });
        }),
        parameters,
      );
    },
    TIMEOUT,
  );

  it(
    "templates",
    async () => {
      const TEMPLATES = {
        basic: { schema: "olm.template.basic", entries: [...DOCUMENTS.slice(0, 2), { schema: "olm.bundle", image: "quay.io/a/b:v1" }] },
        semver: {
          schema: "olm.semver",
          generateMajorChannels: true,
          stable: { bundles: [{ image: "quay.io/a/b:v1" }, { image: "quay.io/a/b:v2" }] },
        },
        substitutes: { schema: "olm.template.substitutes", entries: DOCUMENTS.slice(0, 4), substitutions: [{ name: "a", base: "b" }] },
      } as const;
      const source = async (): Promise<never> => ({ ...(DOCUMENTS[3] as object) }) as never;
      await fc.assert(
        fc.asyncProperty(fc.constantFrom("basic", "semver", "substitutes"), damage, damage, async (type, first, second) => {
          const text = goYaml(damaged(damaged(TEMPLATES[type], first), second) as never);
          await exercised(() => renderTemplate(text, { type, source }));
        }),
        parameters,
      );
    },
    TIMEOUT,
  );

  it("left nothing behind", async () => {
    expect((await readdir(dir)).filter((name) => !name.startsWith("case-"))).toEqual([]);
  });
});

function written(document: unknown, form: "json" | "pretty" | "yaml"): string {
  if (form === "yaml") return `---\n${goYaml(document as never)}`;
  return `${JSON.stringify(document, undefined, form === "json" ? undefined : 4)}\n`;
}

interface FuzzRow {
  readonly table: number;
  readonly cells: readonly (string | number | null | Uint8Array)[];
}

/** A good database with rows of anything put into it, and tables taken away. */
function spoilDatabase(path: string, rows: readonly FuzzRow[], drop: readonly number[]): void {
  const database = new DatabaseSync(path);
  try {
    database.exec("PRAGMA foreign_keys=OFF; PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY; BEGIN");
    const tables = database
      .prepare("SELECT name FROM sqlite_master WHERE type='table' ORDER BY name")
      .all()
      .map((one) => String(one["name"]));
    for (const { table, cells } of rows) {
      const name = tables[table % tables.length] ?? "";
      const columns = database.prepare(`PRAGMA table_info(${name})`).all();
      const values = cells.slice(0, columns.length);
      // A cell that its column cannot take makes no row; the others do.
      try {
        database.prepare(`INSERT OR REPLACE INTO ${name} VALUES (${values.map(() => "?").join(",")})`).run(...values);
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR")) throw error;
      }
    }
    for (const one of drop) database.exec(`DROP TABLE IF EXISTS ${tables[one % tables.length]}`);
    database.exec("COMMIT");
  } finally {
    database.close();
  }
}

async function editFile(path: string, edits: (bytes: Buffer) => Buffer): Promise<void> {
  await writeFile(path, edits(await readFile(path)));
}
