import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Catalog, type CatalogSelection, isCatalogError, openFileCatalog, parseGoYaml, selectPackages } from "@skerry/catalog";
import { afterAll, describe, expect, it } from "vitest";
import { sharedData, sharedPath } from "../shared-data.ts";
import { listedDifferences } from "../support/parity-table.ts";

const golden = sharedPath("golden", "oc-mirror");

interface GoldenPackage {
  readonly package: string;
  readonly defaultChannel: string | null;
  readonly channels: readonly { readonly name: string; readonly entries: readonly Record<string, unknown>[] }[];
  readonly bundles: readonly { readonly name: string; readonly version?: string; readonly image: string; readonly relatedImages: number }[];
}

interface GoldenCase {
  readonly world: string;
  readonly config: string;
  readonly exit: number;
  readonly errors: readonly string[];
  readonly filtered?: readonly { readonly packages: readonly GoldenPackage[] }[];
}

interface Operator extends CatalogSelection {
  readonly catalog: string;
}

const open = new Map<string, Promise<Catalog>>();
const relatedCounts = new Map<string, number>();

function catalogAt(path: string): Promise<Catalog> {
  const known = open.get(path) ?? openFileCatalog(path);
  open.set(path, known);
  return known;
}

afterAll(async () => {
  for (const catalog of open.values()) await (await catalog).close();
});

/** Refusals that are about selecting; the others are about flags, configuration or the network. */
function isAboutSelection(recorded: GoldenCase): boolean {
  if (recorded.exit === 0) return true;
  return recorded.errors.some((line) =>
    /failed to filter catalog|no related images found|validate catalog filter|failed to load catalog/.test(line),
  );
}

function operatorsOf(recorded: GoldenCase): readonly Operator[] | undefined {
  try {
    const config = parseGoYaml(recorded.config.split(/^---$/m)[0] ?? "") as { mirror?: { operators?: readonly Operator[] } };
    return config.mirror?.operators;
  } catch {
    return undefined;
  }
}

function folderOf(recorded: GoldenCase, id: string, operator: Operator): string {
  const version = /:(v4\.(?:14|20))$/.exec(operator.catalog)?.[1];
  if (/^v4\./.test(recorded.world)) return join(sharedData ?? "", "catalogs", version ?? recorded.world);
  return join(golden ?? "", "edge", "catalogs", id.replace(/^edge\//, "").replace(/--.*$/, ""));
}

async function relatedCount(catalog: Catalog, owner: string, bundle: string): Promise<number> {
  const key = `${catalog.name}\n${owner}\n${bundle}`;
  const known = relatedCounts.get(key);
  if (known !== undefined) return known;
  const count = (await catalog.bundle(owner, bundle)).relatedImages.length;
  relatedCounts.set(key, count);
  return count;
}

/** What Skerry keeps, or the word `refused`, or the codes of rows that go with it. */
async function ours(recorded: GoldenCase, id: string, operators: readonly Operator[]): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const operator of operators) {
    const catalog = await catalogAt(folderOf(recorded, id, operator));
    try {
      const selected = selectPackages(catalog, operator);
      if (selected.unchanged) continue;
      for (const problem of [...catalog.problems, ...selected.problems])
        if (problem.severity === "error") lines.push(`row ${problem.code}`);
      for (const one of selected.packages) {
        const info = catalog.package(one.name);
        const bundles: string[] = [];
        for (const name of one.bundles) {
          const bundle = info?.bundles.get(name);
          bundles.push(JSON.stringify([name, bundle?.version ?? "", bundle?.image ?? "", await relatedCount(catalog, one.name, name)]));
        }
        lines.push(packageLine(one.name, one.defaultChannel, one.channels, bundles));
      }
    } catch (error) {
      if (!isCatalogError(error)) throw error;
      return ["refused"];
    }
  }
  return lines.sort();
}

function packageLine(
  name: string,
  defaultChannel: string | null,
  channels: readonly { readonly name: string; readonly entries: readonly object[] }[],
  bundles: readonly string[],
): string {
  const edges = channels.map((channel) => [
    channel.name,
    channel.entries
      .map((entry) => {
        const own = entry as { name: string; replaces?: string; skips?: readonly string[]; skipRange?: string };
        return JSON.stringify([own.name, own.replaces ?? "", [...(own.skips ?? [])].sort(), own.skipRange ?? ""]);
      })
      .sort(),
  ]);
  return JSON.stringify([name, defaultChannel, edges.sort(), [...bundles].sort()]);
}

function theirs(recorded: GoldenCase): readonly string[] {
  if (recorded.exit !== 0) return ["refused"];
  return (
    (recorded.filtered ?? [])
      .flatMap((catalog) => catalog.packages)
      // Where only documents of other schemas name a package, the recording has an empty one.
      .filter((one) => one.defaultChannel !== null || one.channels.length > 0)
      .map((one) =>
        packageLine(
          one.package,
          one.defaultChannel,
          one.channels,
          one.bundles.map((bundle) => JSON.stringify([bundle.name, bundle.version ?? "", bundle.image, bundle.relatedImages])),
        ),
      )
      .sort()
  );
}

describe.skipIf(golden === undefined)("selection as oc-mirror selects (../shared/data/golden/oc-mirror)", () => {
  it("keeps the same packages, channels, entries and bundles, or docs/parity.md says why not", async () => {
    const listed = await listedDifferences("Selection compared with oc-mirror");
    const different = new Set<string>();
    let compared = 0;
    for (const folder of ["selection", "edge/cases"]) {
      for (const file of await readdir(join(golden ?? "", folder))) {
        const id = `${folder.replace("/cases", "")}/${file.replace(/\.json$/, "")}`;
        if (id.endsWith("--real")) continue;
        const recorded = JSON.parse(await readFile(join(golden ?? "", folder, file), "utf8")) as GoldenCase;
        const operators = operatorsOf(recorded);
        if (operators === undefined || !isAboutSelection(recorded)) continue;
        compared += 1;
        if ((await ours(recorded, id, operators)).join("\n") !== theirs(recorded).join("\n")) different.add(id);
      }
    }
    expect(compared).toBeGreaterThan(250);
    expect([...different].filter((id) => !listed.has(id))).toEqual([]);
    expect([...listed].filter((id) => !different.has(id))).toEqual([]);
  });
});
