import { migrateBundle } from "../bundle/csv-metadata.ts";
import { asList, asText, type JsonObject, member } from "../document/shape.ts";
import type { CatalogFile, CatalogProblem } from "../types.ts";
import { goJson, type Members } from "../write/go-json.ts";
import { bundleDocument, channelDocument, packageDocument } from "../write/normal-form.ts";
import { type CatalogDatabase, openCatalogDatabase, sqliteError } from "./open-database.ts";
import { readBundleRow } from "./read-bundle-row.ts";
import { type DatabasePackage, readGraph } from "./read-graph.ts";

export interface ConvertOptions {
  /** `csv-metadata`: bundles that have an image lose their manifests but for what a catalog server needs. */
  readonly migrateLevel?: "none" | "csv-metadata" | undefined;
  /** Keeps text under `value` of related images, which no catalog has but repair needs. */
  readonly keepValues?: boolean | undefined;
  readonly onProblem?: ((problem: CatalogProblem) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A database as a file-based catalog, `<package>/catalog.json`, in the form that `opm render` gives it. One bundle is in
 * memory at a time; the database is not changed.
 * @throws CatalogError `SQLITE_INVALID`
 */
export async function* convertSqlite(path: string, options: ConvertOptions = {}): AsyncGenerator<CatalogFile> {
  const catalog = await openCatalogDatabase(path);
  try {
    for (const info of readGraph(catalog)) {
      options.signal?.throwIfAborted();
      yield { path: `${info.name}/catalog.json`, content: encoded(documents(catalog, info, options), path) };
    }
  } catch (error) {
    throw sqliteError(path, error);
  } finally {
    catalog.close();
  }
}

function* documents(catalog: CatalogDatabase, info: DatabasePackage, options: ConvertOptions): Generator<Members> {
  yield packageDocument({ name: info.name, ...icon(catalog, info) }, info.defaultChannel);
  for (const channel of info.channels) yield channelDocument({ package: info.name, name: channel.name, entries: channel.entries });
  for (const name of info.bundles) {
    const { bundle, problems } = readBundleRow(catalog, { package: info.name, name });
    for (const problem of problems) options.onProblem?.(problem);
    yield bundleDocument(options.migrateLevel === "csv-metadata" ? migrateBundle(bundle) : bundle, options.keepValues);
  }
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * The icon of a package is that of the CSV at the head of its default channel; some publishers broke its base64 into
 * lines. One that is no base64 is left out.
 */
function icon(catalog: CatalogDatabase, info: DatabasePackage): JsonObject {
  const head = info.channels.find((channel) => channel.name === info.defaultChannel)?.head;
  const csv =
    head === undefined || !info.bundles.includes(head) ? undefined : readBundleRow(catalog, { package: info.name, name: head }).csv;
  const first = asList(member(csv, "spec", "icon"))[0];
  const data = asText(member(first, "base64data")).replaceAll(/\s/g, "");
  if (first === undefined || !BASE64.test(data)) return {};
  return { icon: { base64data: data, mediatype: asText(member(first, "mediatype")) } };
}

async function* encoded(documents: Iterable<Members>, path: string): AsyncGenerator<Uint8Array> {
  try {
    for (const document of documents) yield Buffer.from(`${goJson(document, "    ")}\n`);
  } catch (error) {
    throw sqliteError(path, error);
  }
}
