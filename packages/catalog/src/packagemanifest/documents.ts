import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { migrateBundle } from "../bundle/csv-metadata.ts";
import { firstDocument } from "../bundle/manifest-file.ts";
import { isCsv, readDocuments } from "../bundle/read-bundle.ts";
import { renderBundle } from "../bundle/render-bundle.ts";
import { asList, asText, type JsonObject, member } from "../document/shape.ts";
import { CatalogError } from "../errors.ts";
import type { ConvertOptions } from "../sqlite/documents.ts";
import type { Bundle, CatalogFile, CatalogProblem } from "../types.ts";
import { byBytes, goJson, type Members } from "../write/go-json.ts";
import { bundleDocument, channelDocument, packageDocument } from "../write/normal-form.ts";
import { type CsvFile, findCsvs, findPackages, type PackageManifest } from "./find-packages.ts";
import { packageGraph } from "./package-graph.ts";

/**
 * Package manifests as a file-based catalog, `<package>/catalog.json`. Manifests have no image, so they go into the
 * catalog whole. One version is in memory at a time.
 * @throws CatalogError `CATALOG_UNREADABLE` when the folder holds no package, `LIMIT_EXCEEDED`
 */
export async function* convertPackageManifests(root: string, options: ConvertOptions = {}): AsyncGenerator<CatalogFile> {
  const packages = await findPackages(root);
  if (packages.length === 0) {
    throw new CatalogError({
      code: "CATALOG_UNREADABLE",
      message: `Cannot read ${root} as package manifests: it holds no *.package.yaml`,
      subject: root,
    });
  }
  const seen = new Set<string>();
  for (const manifest of packages) {
    options.signal?.throwIfAborted();
    if (seen.has(manifest.name)) {
      options.onProblem?.(twice(manifest));
      continue;
    }
    seen.add(manifest.name);
    yield { path: `${manifest.name}/catalog.json`, content: encoded(documents(manifest, options)) };
  }
}

async function* documents(manifest: PackageManifest, options: ConvertOptions): AsyncGenerator<Members> {
  const csvs = await findCsvs(manifest.directory);
  const graph = packageGraph(manifest, csvs);
  for (const problem of graph.problems) options.onProblem?.(problem);
  const head = csvs.get(graph.channels.find((channel) => channel.name === graph.defaultChannel)?.head ?? "");
  yield packageDocument({ name: manifest.name, ...(head === undefined ? {} : icon(await readCsv(head))) }, graph.defaultChannel);
  for (const channel of graph.channels) yield channelDocument({ package: manifest.name, name: channel.name, entries: channel.entries });
  const kept = new Set(graph.channels.flatMap((channel) => channel.entries.map((entry) => entry.name)));
  for (const name of [...kept].sort(byBytes)) {
    const csv = csvs.get(name);
    if (csv === undefined) continue;
    const bundle = await versionBundle(manifest, csv);
    yield bundleDocument(options.migrateLevel === "csv-metadata" ? migrateBundle(bundle) : bundle, options.keepValues);
  }
}

/** A version with the other manifests of its folder; further CSVs there are other versions (the flat form of app registries). */
async function versionBundle(manifest: PackageManifest, csv: CsvFile): Promise<Bundle> {
  const own = await readCsv(csv);
  const others = (await readDocuments(csv.directory)).filter((object) => !isCsv(object) && member(object, "kind") !== undefined);
  return renderBundle({
    name: csv.name,
    package: manifest.name,
    channels: [],
    defaultChannel: "",
    csv: own,
    objects: [own, ...others],
    properties: [],
    dependencies: [],
  });
}

async function readCsv(csv: CsvFile): Promise<JsonObject> {
  return firstDocument(await readFile(join(csv.directory, csv.file), "utf8")) ?? {};
}

function icon(csv: JsonObject): JsonObject {
  const first = asList(member(csv, "spec", "icon"))[0];
  if (first === undefined) return {};
  return { icon: { base64data: asText(member(first, "base64data")).replaceAll(/\s/g, ""), mediatype: asText(member(first, "mediatype")) } };
}

function twice(manifest: PackageManifest): CatalogProblem {
  return {
    code: "PACKAGE_INVALID",
    severity: "warning",
    subject: manifest.name,
    package: manifest.name,
    action: "dropped",
    message: `Package ${manifest.name} is there twice; the one in ${manifest.directory} was left out`,
  };
}

async function* encoded(documents: AsyncIterable<Members>): AsyncGenerator<Uint8Array> {
  for await (const document of documents) yield Buffer.from(`${goJson(document, "    ")}\n`);
}
