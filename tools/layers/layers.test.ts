import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { findCycles } from "./cycles.ts";
import { readImports } from "./imports.ts";
import { findViolations } from "./rules.ts";
import { readProject } from "./source-files.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function violations(files: Readonly<Record<string, string>>): Promise<string[]> {
  const root = await mkdtemp(join(tmpdir(), "skerry-layers-"));
  folders.push(root);
  const packages = ["oci", "catalog", "mirror", "registry"];
  const manifests = packages.map((name) => [`packages/${name}/package.json`, JSON.stringify({ dependencies: { undici: "1" } })] as const);
  const top = ["package.json", JSON.stringify({ devDependencies: { vitest: "1" } })] as const;
  for (const [path, text] of [top, ...manifests, ...Object.entries(files)]) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  const project = await readProject(root);
  return [...findViolations(project), ...findCycles(project)].map((found) => `${found.path}:${found.line}: ${found.message}`);
}

describe("the layer check", () => {
  test("is content with arrows that point the right way", async () => {
    expect(
      await violations({
        "packages/oci/src/index.ts": 'import "node:fs";\nimport "undici";\nexport * from "./model/digest.ts";',
        "packages/oci/src/model/digest.ts": "export type D = string;",
        "packages/oci/src/model/digest.test.ts": 'import "vitest";\nimport "node:fs";',
        "packages/catalog/src/index.ts": 'import type { D } from "@skerry/oci";\nexport type E = D;',
        "packages/mirror/src/index.ts": 'export * from "@skerry/catalog";\nimport "@skerry/oci";',
        "tests/all.test.ts": 'import "@skerry/mirror";\nimport "@skerry/oci";',
      }),
    ).toEqual([]);
  });

  test("finds an arrow that points the wrong way, however it is written", async () => {
    const found = await violations({
      "packages/oci/src/a.ts": '// import "@skerry/mirror"\nimport type { X } from "@skerry/catalog";\nexport type Y = X;',
      "packages/catalog/src/b.ts": 'export const load = (): Promise<unknown> => import("@skerry/mirror");',
      "packages/mirror/src/c.ts": '\n\nexport type Z = import("@skerry/cluster").Q;',
      "packages/registry/src/d.ts": 'export { x } from "@skerry/catalog";\nconst text = `import "@skerry/mirror"`;\nexport default text;',
    });
    expect(found).toEqual([
      "packages/catalog/src/b.ts:1: packages/catalog may not import @skerry/mirror; it may import oci",
      "packages/mirror/src/c.ts:3: packages/mirror may not import @skerry/cluster; it may import oci, catalog",
      "packages/oci/src/a.ts:2: packages/oci may not import @skerry/catalog; it may import no other package",
      "packages/registry/src/d.ts:1: packages/registry may not import @skerry/catalog; it may import oci",
    ]);
  });

  test("finds deep imports, by name and by path, and a package without a layer", async () => {
    const found = await violations({
      "packages/catalog/src/a.ts": 'import "@skerry/oci/src/hash.ts";',
      "packages/mirror/src/b.ts": 'import "../../oci/src/hash.ts";',
      "packages/oci/src/hash.ts": 'import "../../../tools/x.ts";',
      "packages/novel/src/c.ts": 'import "@skerry/oci";',
      "tests/d.test.ts": 'import "../packages/oci/src/hash.ts";',
    });
    expect(found.map((line) => line.slice(0, line.indexOf(": ")))).toEqual([
      "packages/catalog/src/a.ts:1",
      "packages/mirror/src/b.ts:1",
      "packages/novel/src/c.ts:1",
      "packages/oci/src/hash.ts:1",
      "tests/d.test.ts:1",
    ]);
    expect(found[1]).toContain("reaches into packages/oci");
    expect(found[2]).toContain("no layer");
  });

  test("finds what a package does not declare, and tools in packages", async () => {
    const found = await violations({
      "packages/oci/src/a.ts": 'import "zod";\nimport "vitest";\nimport "@skerry-tools/upstream";\nimport "undici/types";',
    });
    expect(found).toEqual([
      'packages/oci/src/a.ts:1: "zod" is not a dependency of packages/oci',
      'packages/oci/src/a.ts:2: "vitest" is not a dependency of packages/oci',
      'packages/oci/src/a.ts:3: "@skerry-tools/upstream": packages know nothing of tools',
    ]);
  });

  test("keeps Node out of the model, also behind another file", async () => {
    const found = await violations({
      "packages/oci/src/model/a.ts": 'import { readFileSync } from "fs";\nexport { readFileSync };',
      "packages/oci/src/model/b.ts": 'import type { H } from "../hash.ts";\nexport type I = H;',
      "packages/oci/src/hash.ts": 'import type { Hash } from "node:crypto";\nexport type H = Hash;',
      "packages/oci/src/free.ts": 'import "node:crypto";',
    });
    expect(found).toEqual([
      'packages/oci/src/hash.ts:1: "node:crypto" in packages/oci/src/model/ (reached from packages/oci/src/model/b.ts): the model has no Node imports',
      'packages/oci/src/model/a.ts:1: "fs" in packages/oci/src/model/: the model has no Node imports',
    ]);
  });

  test("finds cycles, of types too, and shows the way round", async () => {
    const found = await violations({
      "packages/oci/src/a.ts": 'import type { B } from "./b.ts";\nexport type A = B;',
      "packages/oci/src/b.ts": '\nimport type { C } from "./c.ts";\nexport type B = C;',
      "packages/oci/src/c.ts": 'export type { A } from "./a.ts";\nexport type C = 1;',
      "packages/oci/src/d.ts": 'import "./d.ts";',
      "packages/oci/src/e.ts": 'import "./a.ts";',
    });
    expect(found).toEqual([
      "packages/oci/src/a.ts:1: import cycle: packages/oci/src/a.ts:1 → packages/oci/src/b.ts:2 → packages/oci/src/c.ts:1 → packages/oci/src/a.ts",
      "packages/oci/src/d.ts:1: import cycle: packages/oci/src/d.ts:1 → packages/oci/src/d.ts",
    ]);
  });

  test("lets a command load its work when it is called, and nothing else go round", async () => {
    const files = {
      "packages/oci/src/command.ts": 'export interface Flags {}\nexport const load = (): Promise<unknown> => import("./command.run.ts");',
      "packages/oci/src/command.run.ts": 'import type { Flags } from "./command.ts";\nexport type F = Flags;',
    };
    expect(await violations(files)).toEqual([]);
    const found = await violations({ ...files, "packages/oci/src/command.run.ts": 'import { load } from "./command.ts";\nvoid load;' });
    expect(found).toEqual([
      "packages/oci/src/command.run.ts:1: import cycle: packages/oci/src/command.run.ts:1 → packages/oci/src/command.ts:2 → packages/oci/src/command.run.ts",
    ]);
  });

  test("lets the tests of a package use what all tests share", async () => {
    const found = await violations({
      "packages/oci/src/a.test.ts": 'import "../../../tests/shared-data.ts";',
      "packages/oci/src/testing/b.ts": 'import "vitest";',
      "packages/oci/src/c.ts": 'import "../../../tests/shared-data.ts";',
      "tests/shared-data.ts": "export {};",
      "tests/d.test.ts": 'import "../packages/oci/src/testing/b.ts";',
    });
    expect(found).toEqual(['packages/oci/src/c.ts:1: "../../../tests/shared-data.ts" leaves packages/oci']);
  });

  test("refuses a file that does not parse, by name", () => {
    expect(() => readImports("broken.ts", "import {")).toThrow("broken.ts does not parse");
  });
});
