import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startRegistry } from "@skerry/registry";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeSampleLayout } from "../../testing/sample-layout.ts";
import { tempFolder } from "../../testing/temp-folder.ts";
import { type Captured, type CapturedWorldOptions, runInWorld } from "../../testing/world.ts";

let folder: Awaited<ReturnType<typeof tempFolder>>;

interface SampleBundle {
  readonly version: string;
  readonly replaces?: string;
  readonly image?: string;
}

/** Documents of one package with a channel `stable` of the given bundles. */
function packageDocuments(name: string, bundles: readonly SampleBundle[]): string {
  const documents = [
    { schema: "olm.package", name, defaultChannel: "stable" },
    {
      schema: "olm.channel",
      package: name,
      name: "stable",
      entries: bundles.map(({ version, replaces }) => ({
        name: `${name}.v${version}`,
        ...(replaces === undefined ? {} : { replaces: `${name}.v${replaces}` }),
      })),
    },
    ...bundles.map(({ version, image }) => ({
      schema: "olm.bundle",
      package: name,
      name: `${name}.v${version}`,
      image: `quay.io/org/${name}-bundle:v${version}`,
      properties: [
        { type: "olm.package", value: { packageName: name, version } },
        {
          type: "olm.csv.metadata",
          value: { displayName: `The ${name} operator`, description: "Keeps \u001b[31mlogs", keywords: ["storage"] },
        },
      ],
      relatedImages: [{ name: "main", image: image ?? `quay.io/org/${name}@sha256:${"c".repeat(64)}` }],
    })),
  ];
  return documents.map((document) => JSON.stringify(document)).join("\n");
}

beforeAll(async () => {
  folder = await tempFolder();
  await mkdir(join(folder.path, "one", "logger"), { recursive: true });
  await mkdir(join(folder.path, "two"));
  const logger = packageDocuments("logger", [
    { version: "1.0.0" },
    { version: "1.1.0", replaces: "1.0.0" },
    { version: "1.2.0", replaces: "1.1.0" },
  ]);
  await writeFile(join(folder.path, "one", "logger", "catalog.json"), logger);
  await writeFile(
    join(folder.path, "one", "tagged.json"),
    packageDocuments("tagged", [{ version: "0.1.0", image: "quay.io/org/tagged:v1" }]),
  );
  await writeFile(
    join(folder.path, "two", "all.json"),
    packageDocuments("logger", [{ version: "1.0.0" }, { version: "1.3.0", replaces: "1.0.0" }]),
  );
  const needs = `${packageDocuments("logger", [{ version: "1.0.0" }])}\n${packageDocuments("tower", [{ version: "2.0.0" }])}`;
  const required = `{"type":"olm.package.required","value":{"packageName":"logger","versionRange":">=1.0.0"}}`;
  await writeFile(
    join(folder.path, "needs.json"),
    needs.replace(
      '{"type":"olm.package","value":{"packageName":"tower"',
      `${required},{"type":"olm.package","value":{"packageName":"tower"`,
    ),
  );
  await writeFile(join(folder.path, "broken.json"), packageDocuments("broken", [{ version: "1.0.0" }, { version: "1.1.0" }]));
});

afterAll(() => folder[Symbol.asyncDispose]());

function skerry(...args: string[]): Promise<Captured> {
  return skerryIn({}, ...args);
}

function skerryIn(options: CapturedWorldOptions, ...args: string[]): Promise<Captured> {
  return runInWorld(["catalog", ...args], { cwd: folder.path, home: folder.path, ...options });
}

describe("catalog", () => {
  test("list", async () => {
    const { code, stdout } = await skerry("list", "one", "-o", "json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      apiVersion: "skerry.dev/v1",
      kind: "CatalogList",
      catalog: "one",
      packages: [
        {
          name: "logger",
          displayName: "The logger operator",
          defaultChannel: "stable",
          channels: [{ name: "stable", head: "logger.v1.2.0", entries: 3 }],
          versions: 3,
          images: 4,
          uniqueBytes: null,
          deprecated: false,
        },
        {
          name: "tagged",
          displayName: "The tagged operator",
          defaultChannel: "stable",
          channels: [{ name: "stable", head: "tagged.v0.1.0", entries: 1 }],
          versions: 1,
          images: 2,
          uniqueBytes: null,
          deprecated: false,
        },
      ],
    });
    expect((await skerry("list", "one", "-o", "name")).stdout).toBe("logger\ntagged\n");
    expect((await skerry("list", "./nothing")).stderr).toContain("there is no such file or folder");
  });

  test("a catalog from stdin", async () => {
    const stdin = await readFile(join(folder.path, "two", "all.json"), "utf8");
    expect((await skerryIn({ stdin }, "list", "-", "-o", "name")).stdout).toBe("logger\n");
  });

  test("show and graph", async () => {
    const { stdout } = await skerry("show", "logger", "--catalog", "one", "-o", "name");
    expect(stdout).toBe("logger/stable@1.0.0\nlogger/stable@1.1.0\nlogger/stable@1.2.0\n");
    expect((await skerry("graph", "logger", "--catalog", "one")).stdout).toContain("logger.v1.2.0  ← replaces logger.v1.1.0  [head]");
    expect((await skerry("graph", "logger", "--catalog", "one", "-o", "svg")).stdout).toMatch(/^<svg /);
    expect((await skerry("graph", "logger", "--catalog", "one", "-o", "mermaid")).stdout).toContain("logger.v1.2.0");
    const wrong = await skerry("show", "loger", "--catalog", "one");
    expect(wrong).toMatchObject({ code: 2, stdout: "" });
    expect(wrong.stderr).toContain('Did you mean "logger"?');
    expect((await skerry("show", "logger")).stderr).toContain("Name it with --catalog CATALOG");
  });

  test("show tells what a publisher says, what is needed and what needs it; publishers cannot paint the terminal", async () => {
    const { stdout } = await skerry("show", "logger", "--catalog", "needs.json", "-o", "json");
    expect(JSON.parse(stdout)).toMatchObject({
      kind: "CatalogPackage",
      displayName: "The logger operator",
      description: "Keeps \u001b[31mlogs",
      keywords: ["storage"],
      images: 2,
      channels: [{ name: "stable", entries: [{ name: "logger.v1.0.0", images: [{ kind: "bundle" }, { kind: "related" }] }] }],
      requires: [],
      neededBy: [{ package: "tower", need: "package logger >=1.0.0", bundles: ["tower.v2.0.0"] }],
    });
    const tower = (await skerry("show", "tower", "--catalog", "needs.json")).stdout;
    expect(tower).toContain("package logger >=1.0.0");
    expect(tower).not.toContain("\u001b");
  });

  test("graph marks what a selection keeps", async () => {
    const { stdout } = await skerry("graph", "logger", "--catalog", "one", "--select", "@>=1.1.0");
    const newer = (await skerry("graph", "logger", "--catalog", "one", "--minimum-edge", "logger.v1.1.0")).stdout;
    expect(newer).toContain("logger.v1.1.0");
    expect(newer).not.toContain("○ logger.v1.0.0");
    expect((await skerry("graph", "logger", "--catalog", "one", "--minimum-edge", "logger.v1.1")).code).toBe(2);
    expect(stdout).toMatch(/● logger\.v1\.2\.0.*\n.*● logger\.v1\.1\.0.*\n.*○ logger\.v1\.0\.0/);
  });

  test("select keeps the way from what runs, adds what is needed, and says what a cut broke", async () => {
    await writeFile(join(folder.path, "installed"), "logger 1.0.0\n");
    expect((await skerry("select", "one", "walk", "--package", "logger", "--installed", "installed")).code).toBe(0);
    expect((await skerry("show", "logger", "--catalog", "walk", "-o", "name")).stdout.trim().split("\n")).toHaveLength(2);
    const broken = await skerry("select", "one", "cut", "--package", "logger@<1.0.1", "--installed", "installed2", "-o", "json");
    expect(broken.code).toBe(2);
    await writeFile(join(folder.path, "installed2"), "logger 1.1.0\n");
    const cut = await skerry("select", "one", "cut", "--package", "logger@<1.0.1", "--installed", "installed2", "-o", "json");
    expect(cut.code).toBe(3);
    expect(JSON.parse(cut.stdout)).toMatchObject({
      problems: [{ code: "PATH_BROKEN", hint: expect.stringContaining("logger/stable@1.1.0") as unknown }],
    });
    const none = await skerry("select", "one", "cut2", "--package", "logger/stable@>=1.0.5 <1.1.0");
    expect(none.code).toBe(2);
    expect(none.stderr).toContain("Nearest selection that holds: logger/stable@1.1.0.");
    expect((await skerry("select", "one", "cut2", "--package", "logger@>9.0.0")).stderr).toContain("logger/stable@1.2.0.");
    const added = await skerry("select", "needs.json", "deps", "--package", "tower", "--deps", "resolve", "-o", "json");
    expect(JSON.parse(added.stdout)).toMatchObject({ packages: [{ name: "logger" }, { name: "tower" }] });
    expect((await skerry("select", "one", "everything", "--full")).stdout).toContain("2 packages with 4 bundles");
  });

  test("--sizes asks the registries; what is missing is a row", async () => {
    await using registry = await startRegistry({ root: join(folder.path, "sized") });
    const { host } = registry;
    await writeSampleLayout(join(folder.path, "sized-images"), [{ name: "v1.0.0", seed: "bundle", platforms: ["amd64", "arm64"] }]);
    await runInWorld(["copy", "oci:sized-images:v1.0.0", `${host}/org/sized-bundle`, "--insecure"], {
      cwd: folder.path,
      home: folder.path,
    });
    const documents = packageDocuments("sized", [{ version: "1.0.0", image: `${host}/gone/app:v1` }]).replaceAll("quay.io", host);
    await writeFile(join(folder.path, "sized.json"), documents);
    const images = await skerry("images", "sized.json", "--sizes", "--tls-verify=false", "-o", "json");
    expect(images.code).toBe(0);
    expect(JSON.parse(images.stdout)).toMatchObject({
      images: [
        { image: `${host}/gone/app:v1`, totalBytes: null, error: { code: "NOT_FOUND" } },
        { image: `${host}/org/sized-bundle:v1.0.0`, platforms: ["linux/amd64", "linux/arm64"] },
      ],
      problems: [{ code: "IMAGE_NOT_FOUND", bundle: "sized.v1.0.0", field: "relatedImages[0].image" }],
    });
    const checked = await skerry("validate", "sized.json", "--check-images", "--strict", "--tls-verify=false", "-o", "json");
    expect(checked.code).toBe(5);
    expect(JSON.parse(checked.stdout)).toMatchObject({
      problems: expect.arrayContaining([expect.objectContaining({ rule: "lint-image-missing" })]) as unknown,
    });
    expect((await skerry("show", "sized", "--catalog", "sized.json", "--sizes", "--tls-verify=false")).stdout).toContain("NOT_FOUND");
    expect((await skerry("list", "sized.json", "--sizes", "--tls-verify=false")).stdout).toContain("unknown");
    const diff = await skerry("diff", "sized.json", "sized.json", "--sizes", "--tls-verify=false", "-o", "json");
    expect(JSON.parse(diff.stdout)).toMatchObject({ images: { added: [], removed: [], addedBytes: null } });
  });

  test("images of all bundles, of a selection, by tag only", async () => {
    expect((await skerry("images", "one", "-o", "name")).stdout.trim().split("\n")).toHaveLength(6);
    expect((await skerry("images", "one", "--package", "logger", "-o", "name")).stdout).toBe(
      `quay.io/org/logger-bundle:v1.2.0\nquay.io/org/logger@sha256:${"c".repeat(64)}\n`,
    );
    expect((await skerry("images", "one", "--package", "tagged", "--tags-only", "-o", "name")).stdout).toBe(
      "quay.io/org/tagged-bundle:v0.1.0\nquay.io/org/tagged:v1\n",
    );
    expect((await skerry("images", "one", "--package", "loger")).code).toBe(2);
  });

  test("search wants every word and guards the terminal", async () => {
    expect((await skerry("search", "logs", "STORAGE", "--catalog", "one", "--catalog", "two", "-o", "name")).stdout).toBe(
      "logger\nlogger\ntagged\n",
    );
    expect((await skerry("search", "logs", "nosuch", "--catalog", "one", "-o", "name")).stdout).toBe("");
    expect((await skerry("search", "x")).code).toBe(2);
  });

  test("select writes a window, and never over something", async () => {
    expect((await skerry("select", "one", "out", "--package", "logger/stable@>=1.1.0")).code).toBe(0);
    expect((await skerry("show", "logger", "--catalog", "out", "-o", "name")).stdout).toBe("logger/stable@1.1.0\nlogger/stable@1.2.0\n");
    expect(await skerry("select", "one", "out", "--package", "logger")).toMatchObject({ code: 4 });
    expect(await skerry("select", "one", "out2")).toMatchObject({ code: 2 });
  });

  test("render takes templates", async () => {
    const entries = [
      { schema: "olm.package", name: "made", defaultChannel: "stable" },
      { schema: "olm.channel", package: "made", name: "stable", entries: [{ name: "made.v1.0.0" }] },
    ];
    await writeFile(join(folder.path, "template.yaml"), JSON.stringify({ schema: "olm.template.basic", entries }));
    const { code, stdout } = await skerry("render", "template.yaml", "--template", "basic");
    expect(code).toBe(0);
    expect(stdout.match(/"schema": "olm\.(package|channel)"/g)).toHaveLength(2);
    expect((await skerry("render", "template.yaml", "--template", "semver")).code).toBe(2);
    expect((await skerry("render", "template.yaml", "--template", "basics")).code).toBe(2);
  });

  test("migrate and render keep everything", async () => {
    expect((await skerry("migrate", "one", "migrated")).code).toBe(0);
    const [before, after] = [await skerry("render", "one"), await skerry("render", "migrated")];
    expect(before.code).toBe(0);
    expect(after.stdout).toBe(before.stdout);
    expect((await skerry("render", "one", "-o", "yaml")).stdout).toMatch(/^---\n/);
    expect((await skerry("render", "one", "-o", "text")).code).toBe(2);
    expect((await skerry("render", "one", "-o", "json")).stdout).not.toContain("\u001b");
  });

  test("diff says what comes and goes, and 6 only when asked", async () => {
    const { code, stdout } = await skerry("diff", "one", "two", "-o", "json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: "CatalogDiff",
      packages: [
        {
          package: "logger",
          change: "changed",
          channels: [
            {
              channel: "stable",
              change: "changed",
              head: { from: "logger.v1.2.0", to: "logger.v1.3.0" },
              addedEntries: ["logger.v1.3.0"],
              removedEntries: ["logger.v1.1.0", "logger.v1.2.0"],
            },
          ],
        },
        { package: "tagged", change: "removed", removedBundles: [{ bundle: "tagged.v0.1.0", version: "0.1.0" }] },
      ],
    });
    expect((await skerry("diff", "one", "two", "--exit-code")).code).toBe(6);
    expect((await skerry("diff", "one", "one", "--exit-code")).code).toBe(0);
  });

  test("validate: 0 valid, 5 invalid, SARIF", async () => {
    expect((await skerry("validate", "one")).code).toBe(0);
    const broken = await skerry("validate", "broken.json", "-o", "json");
    expect(broken.code).toBe(5);
    expect(JSON.parse(broken.stdout)).toMatchObject({ kind: "Validation", valid: false });
    const tree = (await skerry("validate", "broken.json")).stdout;
    expect(tree).toMatch(/^package broken\n(?: {2}.*\n)*? {2}channel stable\n {4}error {4}graph-heads {2}/m);
    const sarif = JSON.parse((await skerry("validate", "broken.json", "-o", "sarif")).stdout) as {
      version: string;
      runs: { results: unknown[] }[];
    };
    expect(sarif.version).toBe("2.1.0");
    expect(sarif.runs[0]?.results.length).toBeGreaterThan(0);
  });

  test("build pushes an image that serves the catalog, the same each time", async () => {
    await using registry = await startRegistry({ root: join(folder.path, "built") });
    const first = await skerry("build", "one", "--to", `${registry.host}/own/catalog:v1`, "--insecure");
    expect(first.code).toBe(0);
    const digest = /^Pushed (sha256:[0-9a-f]{64}) to /.exec(first.stdout)?.[1];
    expect(first.stdout).toBe(`Pushed ${digest} to ${registry.host}/own/catalog:v1\n`);
    const listed = await skerry("list", `${registry.host}/own/catalog:v1`, "--insecure", "-o", "json");
    expect(JSON.parse(listed.stdout)).toMatchObject({ digest, packages: [{ name: "logger" }, { name: "tagged" }] });
    const second = await skerry("build", "one", "--to", "oci:builtlayout:x", "-o", "name");
    expect(second.stdout).toBe(`oci:builtlayout:x@${digest}\n`);
    const listed2 = await skerry(
      "build",
      "one",
      "--to",
      `${registry.host}/own/catalog:v1`,
      "--insecure",
      "--attach-sbom",
      "--sbom",
      "sbom.json",
    );
    expect(listed2.stdout).toContain(String(digest));
    const sbom = JSON.parse(await readFile(join(folder.path, "sbom.json"), "utf8")) as object;
    expect(sbom).toMatchObject({ bomFormat: "CycloneDX", metadata: { component: { version: digest } } });
    const inspected = await runInWorld(["inspect", `${registry.host}/own/catalog:v1`, "--insecure", "--referrers", "-o", "json"], {
      cwd: folder.path,
      home: folder.path,
    });
    expect(inspected.stdout).toContain('"application/vnd.cyclonedx+json"');
    expect((await skerry("build", "one")).code).toBe(2);
    expect((await skerry("build", "one", "--to", "oci:x", "--format", "sqlite")).stderr).toContain("--from");
  });

  test("mirror writes oc's files, copies what is there, and puts the catalog last", async () => {
    await using registry = await startRegistry({ root: join(folder.path, "mirrored") });
    const host = registry.host;
    const documents = packageDocuments("small", [{ version: "1.0.0", image: `${host}/gone/app:v1` }]).replaceAll("quay.io", host);
    await writeFile(join(folder.path, "small.json"), documents);
    await writeSampleLayout(join(folder.path, "sample"), [{ name: "v1.0.0", seed: "bundle" }]);
    await runInWorld(["copy", "oci:sample:v1.0.0", `${host}/org/small-bundle`, "--insecure"], { cwd: folder.path, home: folder.path });
    await skerry("build", "small.json", "--to", `${host}/org/small-catalog:v1`, "--insecure");
    const only = await skerry("mirror", `${host}/org/small-catalog:v1`, `${host}/olm`, "--manifests-only", "--tls-verify=false");
    expect(only.code).toBe(0);
    const mapping = await readFile(join(folder.path, "small-catalog-manifests", "mapping.txt"), "utf8");
    expect(mapping).toBe(
      [
        `${host}/gone/app:v1=${host}/olm/gone-app:v1`,
        `${host}/org/small-bundle:v1.0.0=${host}/olm/org-small-bundle:v1.0.0`,
        `${host}/org/small-catalog:v1=${host}/olm/org-small-catalog:v1`,
        "",
      ].join("\n"),
    );
    const whole = await skerry(
      "mirror",
      `${host}/org/small-catalog:v1`,
      `${host}/olm`,
      "--tls-verify=false",
      "-o",
      "json",
      "--progress",
      "json",
    );
    expect(whole.code).toBe(3);
    expect(JSON.parse(whole.stdout)).toMatchObject({
      kind: "CopyReport",
      result: "partial",
      images: [{ outcome: "failed", error: { code: "NOT_FOUND" } }, { outcome: "copied" }, { outcome: "copied" }],
    });
    const ended = whole.stderr.split("\n").filter((line) => line.includes('"image.end"'));
    expect(ended.at(-1)).toContain("small-catalog");
    expect((await skerry("mirror", `${host}/org/small-catalog:v1`, host, "--max-components", "1", "--tls-verify=false")).code).toBe(2);
  });
});
