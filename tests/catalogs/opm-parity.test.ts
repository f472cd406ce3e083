import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import {
  type Catalog,
  listBundles,
  listChannels,
  listPackages,
  mermaidGraph,
  openBundleCatalog,
  openFileCatalog,
  packageGraph,
  type RenderOptions,
  renderText,
  validateCatalog,
} from "@skerry/catalog";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sharedPath } from "../shared-data.ts";
import { canonicalJson, type GoldenFile, withFiles } from "../support/golden-files.ts";
import { listedDifferences } from "../support/parity-table.ts";

const golden = sharedPath("golden", "opm") ?? "";
const RELEASES = ["v4.14", "v4.20"] as const;

interface Verdict {
  readonly passed?: boolean;
  readonly docs?: readonly { readonly sha256: string }[];
}

interface GoldenCase {
  readonly id: string;
  readonly files?: Readonly<Record<string, GoldenFile>>;
  readonly validate: { readonly verdicts: readonly Verdict[] };
  readonly render: { readonly verdicts: readonly Verdict[] };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function rendered(catalog: Catalog, format: "json" | "yaml"): Promise<string> {
  let text = "";
  for await (const part of renderText(catalog, { format })) text += part;
  return text;
}

async function digests(catalog: Catalog, options: Pick<RenderOptions, "imageTemplate" | "migrateLevel"> = {}): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const part of renderText(catalog, { format: "json", ...options })) found.push(sha256(canonicalJson(JSON.parse(part))));
  return found;
}

describe.skipIf(golden === "")("opm's answers (../shared/data/golden/opm)", () => {
  const catalogs = new Map<string, Catalog>();
  beforeAll(async () => {
    for (const release of RELEASES) catalogs.set(release, await openFileCatalog(sharedPath("catalogs", release) ?? ""));
  });
  afterAll(async () => {
    for (const catalog of catalogs.values()) await catalog.close();
  });
  function catalogOf(release: string): Catalog {
    const catalog = catalogs.get(release);
    if (catalog === undefined) throw new Error(`no catalog ${release}`);
    return catalog;
  }

  it("gives the verdict of opm validate on every recorded case", async () => {
    const listed = await listedDifferences("Validation compared with opm");
    const cases = JSON.parse(await readFile(join(golden, "validate", "cases.json"), "utf8")) as readonly GoldenCase[];
    const different: string[] = [];
    for (const { id, files, validate } of cases) {
      const valid = await withFiles(files ?? {}, async (folder) => {
        const catalog = await openFileCatalog(folder);
        const verdict = await validateCatalog(catalog);
        await catalog.close();
        return verdict.valid;
      });
      if (!validate.verdicts.some((verdict) => verdict.passed === valid)) different.push(id);
    }
    expect(cases.length).toBe(334);
    expect(different).toEqual([...listed]);
  });

  it("renders every recorded case to the same documents in the same order", async () => {
    const listed = await listedDifferences("Rendering compared with opm");
    const cases = JSON.parse(await readFile(join(golden, "validate", "cases.json"), "utf8")) as readonly GoldenCase[];
    const different: string[] = [];
    let compared = 0;
    for (const { id, files, render } of cases) {
      const wanted = render.verdicts.flatMap((verdict) =>
        verdict.docs === undefined ? [] : [verdict.docs.map((doc) => doc.sha256).join()],
      );
      if (wanted.length !== render.verdicts.length) continue;
      compared += 1;
      const got = await withFiles(files ?? {}, async (folder) => {
        const catalog = await openFileCatalog(folder);
        const found = await digests(catalog);
        await catalog.close();
        return found.join();
      });
      if (!wanted.includes(got)) different.push(id);
    }
    expect(compared).toBeGreaterThan(250);
    expect(different).toEqual([...listed]);
  });

  it.each(RELEASES)("renders %s to the same digests in the same order", async (release) => {
    const lines = (await readFile(join(golden, "render", `${release}.jsonl`), "utf8")).trim().split("\n");
    expect(await digests(catalogOf(release))).toEqual(lines.map((line) => (JSON.parse(line) as { sha256: string }).sha256));
  });

  it.each([
    ["v4.20-libredb-studio-operator", sharedPath("catalogs", "v4.20", "libredb-studio-operator") ?? ""],
    ["amber-catalog", join(golden, "grpc", "amber-catalog")],
  ])("prints %s byte for byte, as JSON and as YAML", async (name, folder) => {
    const catalog = await openFileCatalog(folder);
    for (const format of ["json", "yaml"] as const) {
      expect(await rendered(catalog, format)).toBe(await readFile(join(golden, "render", "full", `${name}.${format}`), "utf8"));
    }
    await catalog.close();
  });

  it.each([
    ["bundles.jsonl", undefined, "none"],
    ["bundles.image-template.jsonl", "registry.test/{{.Package}}/bundle:{{.Version}}", "none"],
    ["bundles.image-template.migrated.jsonl", "registry.test/{{.Package}}/bundle:{{.Version}}", "csv-metadata"],
  ] as const)("renders every bundle folder of %s to the same single document", async (file, imageTemplate, migrateLevel) => {
    const lines = (await readFile(join(golden, "render", file), "utf8")).trim().split("\n");
    const workdir = await mkdtemp(join(tmpdir(), "skerry-bundles-"));
    for (const line of lines) {
      const { path, exit, docs } = JSON.parse(line) as { path: string; exit: number; docs: readonly { sha256: string }[] };
      expect(exit).toBe(0);
      const catalog = await openBundleCatalog(sharedPath("bundles", path.replace(/^bundles\//, "")) ?? "", { name: path, workdir });
      expect(await digests(catalog, { imageTemplate, migrateLevel }), path).toEqual(docs.map((doc) => doc.sha256));
      await catalog.close();
    }
    await rm(workdir, { recursive: true, force: true });
    expect(lines.length).toBe(51);
  });

  it.each(RELEASES)("lists the channels and bundles of %s", async (release) => {
    const channels = (await readFile(join(golden, "list", `${release}.channels.txt`), "utf8")).trimEnd().split("\n").slice(1);
    expect(listChannels(catalogOf(release)).map((row) => [row.package, row.channel, row.head].join("|"))).toEqual(
      channels.map((line) => line.trimEnd().split(/ {2,}/).join("|")),
    );
    const text = gunzipSync(await readFile(join(golden, "list", `${release}.bundles.txt.gz`))).toString("utf8");
    const [head = "", ...bundles] = text.trimEnd().split("\n");
    const columns = ["PACKAGE", "CHANNEL", "BUNDLE", "REPLACES", "SKIPS", "SKIP RANGE", "IMAGE"];
    const starts = columns.map((column) => head.search(new RegExp(`(?<=^| {2})${column}(?= {2}|$)`)));
    expect(
      listBundles(catalogOf(release)).map((row) =>
        [row.package, row.channel, row.bundle, row.replaces, row.skips.join(","), row.skipRange, row.image].join("|"),
      ),
    ).toEqual(bundles.map((line) => starts.map((start, at) => line.slice(start, starts[at + 1]).trim()).join("|")));
  });

  it("lists packages with their default channels", async () => {
    for (const release of RELEASES) {
      const lines = (await readFile(join(golden, "list", `${release}.packages.txt`), "utf8")).trimEnd().split("\n").slice(1);
      const rows = await listPackages(catalogOf(release));
      expect(rows.map((row) => [row.package, row.defaultChannel].join(" "))).toEqual(
        lines.map((line) => [line.split(" ")[0], line.trimEnd().split(" ").at(-1)].join(" ")),
      );
    }
  });

  it("draws the recorded graphs line for line", async () => {
    let drawn = 0;
    for (const file of await readdir(join(golden, "graph"))) {
      const [, release = "", name = "", edge] = /^(v4\.\d+)\.(.*?)(?:\.minimum-edge-(.*))?\.mmd$/.exec(file) ?? [];
      const info = catalogOf(release).package(name);
      const minimumEdge = edge === undefined ? undefined : `${name}.${edge}`;
      const chart = mermaidGraph(info === undefined ? [] : [packageGraph(info, { minimumEdge })]);
      expect(chart, file).toBe(await readFile(join(golden, "graph", file), "utf8"));
      drawn += 1;
    }
    expect(drawn).toBe(7);
  });
});
