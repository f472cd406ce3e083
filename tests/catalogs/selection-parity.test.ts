import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  bundleImages,
  type Catalog,
  type CatalogSelection,
  isCatalogError,
  openFileCatalog,
  parseGoYaml,
  readLooseReference,
  selectPackages,
} from "@skerry/catalog";
import type { Reference } from "@skerry/oci";
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
  readonly mapping?: readonly string[];
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

/** What a reference finds: oc-mirror leaves out a tag beside a digest, and writes names of docker.io as they came. */
function imageKey({ registry, repository, tag, digest }: Pick<Reference, "registry" | "repository" | "tag" | "digest">): string {
  return `${registry}/${repository}${digest === undefined ? `:${tag ?? "latest"}` : `@${digest}`}`;
}

function writtenKey(text: string): string {
  const read = readLooseReference(text);
  return read.ok ? imageKey(read.reference) : text;
}

/** Images of the bundles that Skerry keeps; undefined where it refuses. */
async function ourImages(recorded: GoldenCase, id: string, operators: readonly Operator[]): Promise<ReadonlySet<string> | undefined> {
  const images = new Set<string>();
  try {
    for (const operator of operators) {
      const catalog = await catalogAt(folderOf(recorded, id, operator));
      for (const { name, bundles } of selectPackages(catalog, operator).packages) {
        for (const bundle of bundles) {
          for (const image of bundleImages(await catalog.bundle(name, bundle)).images) images.add(imageKey(image.reference));
        }
      }
    }
  } catch (error) {
    if (!isCatalogError(error)) throw error;
    return undefined;
  }
  return images;
}

/** Sources that oc-mirror mapped, without its own cache, the catalogs and what was asked for by name. */
function theirImages(recorded: GoldenCase, operators: readonly Operator[]): ReadonlySet<string> {
  const sources = (recorded.mapping ?? []).map((line) => line.slice(0, line.indexOf("=")));
  const catalogs = operators.map((operator) => operator.catalog.replace(/^[a-z]+:\/\//, "").replace(/[:@].*$/, ""));
  const images = sources.filter((source) => !source.includes("localhost:55000")).map(writtenKey);
  return new Set(images.filter((image) => !catalogs.some((catalog) => image.startsWith(catalog))));
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

  it("needs the same images, or docs/parity.md says why not", async () => {
    const elsewhere = await listedDifferences("Selection compared with oc-mirror");
    const listed = await listedDifferences("Images compared with oc-mirror");
    const different = new Set<string>();
    let compared = 0;
    for (const folder of ["selection", "edge/cases"]) {
      for (const file of await readdir(join(golden ?? "", folder))) {
        const id = `${folder.replace("/cases", "")}/${file.replace(/\.json$/, "")}`;
        const recorded = JSON.parse(await readFile(join(golden ?? "", folder, file), "utf8")) as GoldenCase;
        const operators = operatorsOf(recorded);
        if (id.endsWith("--real") || recorded.exit !== 0 || operators === undefined || elsewhere.has(id)) continue;
        // Other stanzas add and take away.
        if (/additionalImages|blockedImages|\bhelm\b|\bplatform:/.test(recorded.config)) continue;
        const [own, other] = [await ourImages(recorded, id, operators), theirImages(recorded, operators)];
        if (own === undefined) continue;
        compared += 1;
        if ([...own].sort().join("\n") !== [...other].sort().join("\n")) different.add(id);
      }
    }
    expect(compared).toBeGreaterThan(180);
    expect([...different].filter((id) => !listed.has(id))).toEqual([]);
    expect([...listed].filter((id) => !different.has(id))).toEqual([]);
  });
});
