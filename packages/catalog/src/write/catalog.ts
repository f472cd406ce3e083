import { migrateBundle } from "../bundle/csv-metadata.ts";
import type { JsonObject } from "../document/shape.ts";
import { member } from "../document/shape.ts";
import type { Bundle, Catalog, CatalogDocument, CatalogFile, CatalogProblem, ChannelEntry, Selected, SelectedPackage } from "../types.ts";
import { byBytes, goJson, type Members } from "./go-json.ts";
import { keptBundles } from "./kept-bundles.ts";
import {
  asProperties,
  bundleDocument,
  channelDocument,
  type DeprecationEntry,
  deprecationEntries,
  deprecationsDocument,
  packageDocument,
} from "./normal-form.ts";
import { RepairBook } from "./repairs.ts";

export interface WriteCatalogOptions {
  /**
   * Rows of `bundleImages` and `repairFromBundleImage`. A repaired reference is written in its repaired form, because the
   * cluster could use no other; an unparsable one that was dropped is left out, because opm from 1.64 on refuses the whole
   * catalog for it. Empty ones stay: every opm tolerates them.
   */
  readonly repairs?: readonly CatalogProblem[] | undefined;
  /** `csv-metadata`: bundles that have an image lose their inline manifests but for what a catalog server needs. */
  readonly migrateLevel?: "none" | "csv-metadata" | undefined;
  readonly signal?: AbortSignal | undefined;
}

const KNOWN = new Set(["olm.package", "olm.channel", "olm.bundle", "olm.deprecations"]);
const INDENT = "    ";

/**
 * The selected part of a catalog as files: `<package>/catalog.json` in the order of the package names, and `catalog.json`
 * for documents that belong to no package. Documents come in opm's order and form: package, channels by name, bundles by
 * name, other schemas, deprecations. The same input gives the same bytes; memory holds one document at a time.
 * @throws CatalogError while the files are read, when a document cannot be read
 */
export async function* writeCatalog(catalog: Catalog, selected: Selected, options: WriteCatalogOptions = {}): AsyncGenerator<CatalogFile> {
  const repairs = new RepairBook(options.repairs ?? []);
  const change = (bundle: Bundle): Bundle =>
    options.migrateLevel === "csv-metadata" ? migrateBundle(repairs.apply(bundle)) : repairs.apply(bundle);
  if (await hasLoose(catalog)) yield { path: "catalog.json", content: encoded(looseDocuments(catalog)) };
  for (const chosen of selected.packages.toSorted((a, b) => byBytes(a.name, b.name))) {
    options.signal?.throwIfAborted();
    yield { path: `${chosen.name}/catalog.json`, content: encoded(packageDocuments(catalog, chosen, change)) };
  }
}

/** Every document of one kept package, in opm's order. Members are in writing order. */
export async function* packageDocuments(
  catalog: Catalog,
  chosen: SelectedPackage,
  change: (bundle: Bundle) => Bundle,
): AsyncGenerator<Members | JsonObject> {
  const own = (schema: string) => (document: CatalogDocument) => document.schema === schema && packageOf(document) === chosen.name;
  for await (const { body } of catalog.documents(own("olm.package"))) yield packageDocument(body, chosen.defaultChannel);
  yield* channels(catalog, chosen);
  for await (const bundle of keptBundles(catalog, chosen)) yield bundleDocument(change(bundle));
  yield* others(catalog, (document) => document.package === chosen.name && !KNOWN.has(document.schema));
  for await (const { document, body } of catalog.documents(own("olm.deprecations"))) {
    const entries = deprecationEntries(body).filter((entry) => isKept(entry, chosen));
    if (entries.length > 0) yield deprecationsDocument(chosen.name, document.name, entries);
  }
}

async function* channels(catalog: Catalog, chosen: SelectedPackage): AsyncGenerator<Members> {
  const propertiesOf = new Map<string, unknown>();
  const own = (document: CatalogDocument): boolean => document.schema === "olm.channel" && document.package === chosen.name;
  for await (const { document, body } of catalog.documents(own)) propertiesOf.set(document.name, member(body, "properties"));
  for (const channel of chosen.channels.toSorted((a, b) => byBytes(a.name, b.name))) {
    yield channelDocument({
      package: chosen.name,
      name: channel.name,
      entries: channel.entries as readonly ChannelEntry[],
      properties: asProperties(propertiesOf.get(channel.name)),
    });
  }
}

/** Documents of other schemas: by schema, else in the order of the catalog; bodies are read one schema at a time. */
async function* others(catalog: Catalog, wanted: (document: CatalogDocument) => boolean): AsyncGenerator<JsonObject> {
  const schemas = new Set<string>();
  const note = (document: CatalogDocument): boolean => {
    if (wanted(document)) schemas.add(document.schema);
    return false;
  };
  for await (const _ of catalog.documents(note)) break;
  for (const schema of [...schemas].sort(byBytes)) {
    for await (const { body } of catalog.documents((document) => document.schema === schema && wanted(document))) yield body;
  }
}

function looseDocuments(catalog: Catalog): AsyncGenerator<JsonObject> {
  return others(catalog, isLoose);
}

async function hasLoose(catalog: Catalog): Promise<boolean> {
  let found = false;
  const note = (document: CatalogDocument): boolean => {
    found ||= isLoose(document);
    return false;
  };
  for await (const _ of catalog.documents(note)) break;
  return found;
}

/** A document of an unknown schema that names no package belongs to the whole catalog. */
function isLoose(document: CatalogDocument): boolean {
  return document.package === "" && !KNOWN.has(document.schema);
}

function packageOf(document: CatalogDocument): string {
  return document.schema === "olm.package" ? document.name : document.package;
}

function isKept(entry: DeprecationEntry, chosen: SelectedPackage): boolean {
  if (entry.schema === "olm.channel") return chosen.channels.some((channel) => channel.name === entry.name);
  if (entry.schema === "olm.bundle") return chosen.bundles.includes(entry.name);
  return true;
}

async function* encoded(documents: AsyncIterable<Members | JsonObject>): AsyncGenerator<Uint8Array> {
  for await (const document of documents) yield Buffer.from(`${goJson(document, INDENT)}\n`);
}
