import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sharedPath } from "../../../../tests/shared-data.ts";
import { member } from "../document/shape.ts";
import { goJson } from "../write/go-json.ts";
import { bundleDocument } from "../write/normal-form.ts";
import { canonicalHash } from "../write/test-canonical.ts";
import { firstDocument } from "./manifest-file.ts";
import { isBundleDirectory, readBundleDirectory, readWholeBundle } from "./read-bundle.ts";
import { renderBundle } from "./render-bundle.ts";

const data = sharedPath("bundles");
const golden = sharedPath("golden", "opm", "render");

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "skerry-bundle-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
}

const ANNOTATIONS =
  "annotations:\n  operators.operatorframework.io.bundle.package.v1: amber\n  operators.operatorframework.io.bundle.channels.v1: stable, beta\n";
const CSV = "kind: ClusterServiceVersion\nmetadata: {name: amber.v1.0.0}\nspec: {version: 1.0.0}\n";

describe("renderBundle", () => {
  it.skipIf(golden === undefined).each([
    ["bundles.jsonl", "", "none"],
    ["bundles.image-template.jsonl", "registry.test", "none"],
    ["bundles.image-template.migrated.jsonl", "registry.test", "csv-metadata"],
  ] as const)("renders every bundle of data/bundles as in data/golden/opm/render/%s", async (file, registry, migrateLevel) => {
    const lines = readFileSync(`${golden}/${file}`, "utf8").trim().split("\n");
    const different: string[] = [];
    for (const line of lines) {
      const expected = JSON.parse(line) as { path: string; docs: { sha256: string }[] };
      const files = await readBundleDirectory(join(data ?? "", "..", expected.path));
      const image = registry === "" ? "" : `${registry}/${files.package}/bundle:${String(member(files.csv, "spec", "version"))}`;
      const document = JSON.parse(goJson(bundleDocument(renderBundle(files, { image, migrateLevel }))));
      if (canonicalHash(document) !== expected.docs[0]?.sha256) different.push(expected.path);
    }
    expect(lines).toHaveLength(51);
    expect(different).toEqual([]);
  });

  it("takes properties of the file and the annotation, and turns dependencies into requirements", async () => {
    await write({
      "manifests/csv.yaml": `${CSV.replace("{name: amber.v1.0.0}", '{name: amber.v1.0.0, annotations: {olm.properties: \'[{"type": "olm.maxOpenShiftVersion", "value": "4.12"}]\'}}')}`,
      "metadata/annotations.yaml": ANNOTATIONS,
      "metadata/properties.yaml": "properties:\n- {type: test.x, value: {b: 1, a: 2}}\n",
      "metadata/dependencies.yaml":
        "dependencies:\n- {type: olm.package, value: {packageName: beryl, version: '>=1.0.0'}}\n- {type: olm.gvk, value: {group: g, version: v1, kind: K}}\n- {type: olm.constraint, value: {package: {packageName: x}}}\n",
    });
    const bundle = renderBundle(await readBundleDirectory(directory));
    expect(
      bundle.properties
        .filter((property) => property.type !== "olm.bundle.object")
        .map((property) => `${property.type} ${goJson(property.value)}`),
    ).toEqual([
      'olm.constraint {"package":{"packageName":"x"}}',
      'olm.gvk.required {"group":"g","kind":"K","version":"v1"}',
      'olm.maxOpenShiftVersion "4.12"',
      'olm.package {"packageName":"amber","version":"1.0.0"}',
      'olm.package.required {"packageName":"beryl","versionRange":">=1.0.0"}',
      'test.x {"a":2,"b":1}',
    ]);
  });

  it("has one package, the annotation's before the bundle's before the file's, and kinds with their own members", async () => {
    const annotated = (properties: string): string =>
      CSV.replace("{name: amber.v1.0.0}", `{name: amber.v1.0.0, annotations: {olm.properties: '${properties}'}}`);
    const own = async (properties: string): Promise<readonly string[]> => {
      await write({
        "manifests/csv.yaml": annotated(properties),
        "metadata/annotations.yaml": ANNOTATIONS,
        "metadata/properties.yaml":
          "properties:\n- {type: olm.package, value: {packageName: other, version: 9.0.0}}\n- {type: olm.gvk, value: {group: g, version: v1, kind: K, plural: ks}}\n",
        "metadata/dependencies.yaml": "dependencies:\n- &d {type: olm.package, value: {packageName: beryl, version: '1.0.0'}}\n- *d\n",
      });
      const bundle = renderBundle(await readBundleDirectory(directory));
      return bundle.properties.filter(({ type }) => type !== "olm.bundle.object").map(({ type, value }) => `${type} ${goJson(value)}`);
    };
    const required = 'olm.package.required {"packageName":"beryl","versionRange":"1.0.0"}';
    const kind = 'olm.gvk {"group":"g","kind":"K","version":"v1"}';
    expect(await own("[]")).toEqual([kind, 'olm.package {"packageName":"amber","version":"1.0.0"}', required, required]);
    expect(await own('[{"type": "olm.package", "value": {"packageName": "last", "version": "2.0.0", "x": 1}}]')).toEqual([
      kind,
      'olm.package {"packageName":"last","version":"2.0.0"}',
      required,
      required,
    ]);
  });

  it("wants each CRD that the CSV owns where the bundle is named by itself", async () => {
    const csv = CSV.replace(
      "version: 1.0.0",
      "version: 1.0.0, customresourcedefinitions: {owned: [{name: ambers.a.test, version: v1, kind: Amber}]}",
    );
    const crd = (version: string): string =>
      `kind: CustomResourceDefinition\nspec: {group: a.test, names: {kind: Amber, plural: ambers}, versions: [{name: ${version}}]}\n`;
    await write({ "manifests/csv.yaml": csv, "manifests/crd.yaml": crd("v2"), "metadata/annotations.yaml": ANNOTATIONS });
    await expect(readWholeBundle(directory)).rejects.toMatchObject({
      code: "BUNDLE_INVALID",
      message: expect.stringContaining('"ambers.a.test v1 Amber"'),
    });
    await write({ "manifests/crd.yaml": crd("v1") });
    expect((await readWholeBundle(directory)).objects).toHaveLength(2);
  });

  it("keeps the first of two CSVs, the first document of a file, and no hidden files", async () => {
    await write({
      "manifests/a.yaml": `${CSV}---\nkind: Service\n`,
      "manifests/b.yaml": CSV.replace("1.0.0", "2.0.0"),
      "manifests/.c.yaml": "kind: Secret\n",
      "manifests/README.md": "# not: [yaml\n",
      "metadata/any-name.yaml": ANNOTATIONS,
    });
    const files = await readBundleDirectory(directory);
    expect([files.name, files.package, files.channels, files.objects.length]).toEqual(["amber.v1.0.0", "amber", ["stable", "beta"], 1]);
  });

  it("refuses a folder without CSV or annotations", async () => {
    await write({ "manifests/a.yaml": "kind: Service\n", "metadata/annotations.yaml": ANNOTATIONS });
    expect(await isBundleDirectory(directory)).toBe(true);
    await expect(readBundleDirectory(directory)).rejects.toMatchObject({
      code: "BUNDLE_INVALID",
      message: expect.stringContaining("ClusterServiceVersion"),
    });
    await write({ "manifests/b.yaml": CSV, "metadata/annotations.yaml": "annotations: {}\n" });
    await expect(readBundleDirectory(directory)).rejects.toMatchObject({
      code: "BUNDLE_INVALID",
      message: expect.stringContaining("annotations"),
    });
  });
});

describe("firstDocument", () => {
  it("reads quoted text whose further lines are not indented enough, as Go does", () => {
    const text = "a:\n  b: \"one\n  two\n  three \\\" and\n  four\"\n  c: 1\n  d: 'it''s\n  fine'\n";
    expect(firstDocument(text)).toEqual({ a: { b: 'one two three " and four', c: 1, d: "it's fine" } });
  });

  it("gives up on what is broken otherwise", () => {
    expect(firstDocument('a: "never closed\n')).toBeUndefined();
    expect(firstDocument("a: [1\n")).toBeUndefined();
    expect(firstDocument("# only\n---\n# comments\n")).toBeUndefined();
    expect(firstDocument("# c\n---\na: 1\n---\nb: 2\n")).toEqual({ a: 1 });
  });
});
