import { migrateBundle } from "../bundle/csv-metadata.ts";
import type { JsonObject } from "../document/shape.ts";
import { asText, member } from "../document/shape.ts";
import { CatalogError } from "../errors.ts";
import { decodeBundle } from "../model/decode-bundle.ts";
import { decodeChannel, ShapeError } from "../model/decode-channel.ts";
import type { Bundle, Catalog, CatalogDocument } from "../types.ts";
import { byBytes, goJson, Members } from "../write/go-json.ts";
import {
  asProperties,
  bundleDocument,
  channelDocument,
  deprecationEntries,
  deprecationsDocument,
  packageDocument,
} from "../write/normal-form.ts";
import { goYaml } from "../yaml/write-go-yaml.ts";
import { canonicalBody } from "./canonical-body.ts";

/** A map, because a schema is a publisher's text: `constructor` is one that an object would seem to know. */
const KIND_ORDER: ReadonlyMap<string, number> = new Map([
  ["olm.package", 0],
  ["olm.channel", 1],
  ["olm.bundle", 2],
  ["olm.deprecations", 4],
]);
const OTHER_KIND = 3;

export interface RenderOptions {
  /** Only these packages; all when missing. Documents of no package are then left out. */
  readonly packages?: readonly string[] | undefined;
  /** `csv-metadata`: bundles that have an image lose their inline manifests but for what a catalog server needs. */
  readonly migrateLevel?: "none" | "csv-metadata" | undefined;
  /** Image of a bundle that has none, of a folder: `registry.test/{{.Package}}:{{.Version}}`; also `{{.Name}}`. */
  readonly imageTemplate?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Every document in opm's order and normal form: packages by name; within one its `olm.package`, channels and bundles by
 * name, other schemas by schema, deprecations; at the end what belongs to no package. Holds one document in memory.
 *
 * @throws CatalogError DOCUMENT_INVALID for a member of the wrong type, and what reading a document throws
 */
export async function* renderDocuments(catalog: Catalog, options: RenderOptions = {}): AsyncGenerator<Members | JsonObject> {
  const owners = new Map<string, Set<CatalogDocument>>();
  const note = (document: CatalogDocument): boolean => {
    const owner = ownerOf(document);
    // opm prints no known document that belongs nowhere.
    if (owner === "" && KIND_ORDER.has(document.schema)) return false;
    // Of a bundle that was named, opm prints the bundle and nothing around it.
    if (catalog.bundleOnly === true && document.schema !== "olm.bundle") return false;
    const list = owners.get(owner) ?? new Set<CatalogDocument>();
    owners.set(owner, list.add(document));
    return false;
  };
  for await (const _ of catalog.documents(note, { leftOut: true })) break;
  const names = [...owners.keys()].filter((name) => name !== "").sort(byBytes);
  for (const name of [...names, ""]) {
    options.signal?.throwIfAborted();
    const wanted = owners.get(name);
    if (wanted === undefined || (options.packages !== undefined && !options.packages.includes(name))) continue;
    const isWanted = (document: CatalogDocument): boolean => wanted.has(document);
    for await (const { document, body } of catalog.documents(isWanted, { leftOut: true, order: compareDocuments }))
      yield placed(document, body, options);
  }
}

/** The document in its normal form; what is wrong with it is told with its place. */
function placed(document: CatalogDocument, body: Readonly<Record<string, unknown>>, options: RenderOptions): Members | JsonObject {
  try {
    if (document.schema !== "olm.bundle") return normalDocument(document.schema, body);
    const bundle = withTemplate(decodeBundle(canonicalBody(document.schema, body)), options.imageTemplate);
    return bundleDocument(options.migrateLevel === "csv-metadata" ? migrateBundle(bundle) : bundle);
  } catch (cause) {
    if (!(cause instanceof ShapeError)) throw cause;
    const subject = `${document.file}:${document.line}`;
    throw new CatalogError({
      code: "DOCUMENT_INVALID",
      message: `Cannot render ${document.schema} "${document.name}" at ${subject}: ${cause.message}`,
      subject,
      hint: "List every fault with 'skerry catalog validate', and have the publisher mend it.",
      cause,
    });
  }
}

/** A bundle without image under the name that the template gives it, which then is one of its related images too. */
function withTemplate(bundle: Bundle, template: string | undefined): Bundle {
  if (template === undefined || bundle.image !== "") return bundle;
  const own = bundle.properties.find((property) => property.type === "olm.package");
  const version = asText(member(own?.value, "version"));
  const image = template.replaceAll(/\{\{\s*\.(Package|Name|Version)\s*\}\}/g, (_, name: string) =>
    name === "Package" ? bundle.package : name === "Name" ? bundle.name : version,
  );
  const listed = bundle.relatedImages.some((entry) => entry.image === image);
  return { ...bundle, image, relatedImages: listed ? bundle.relatedImages : [...bundle.relatedImages, { name: "", image }] };
}

/** The package a document belongs to; empty for documents of the whole catalog. */
function ownerOf(document: CatalogDocument): string {
  return document.schema === "olm.package" ? document.name : document.package;
}

function compareDocuments(a: CatalogDocument, b: CatalogDocument): number {
  const kindA = KIND_ORDER.get(a.schema) ?? OTHER_KIND;
  const kindB = KIND_ORDER.get(b.schema) ?? OTHER_KIND;
  if (kindA !== kindB) return kindA - kindB;
  if (kindA === OTHER_KIND) return byBytes(a.schema, b.schema);
  return kindA === 1 || kindA === 2 ? byBytes(a.name, b.name) : 0;
}

/**
 * A document as opm encodes it: the known ones with their own members only, the others as they are.
 *
 * @throws ShapeError for a member of the wrong type.
 */
export function normalDocument(schema: string, raw: Readonly<Record<string, unknown>>): Members | JsonObject {
  const body = canonicalBody(schema, raw);
  const text = (key: string): string => {
    const value = member(body, key);
    return typeof value === "string" ? value : "";
  };
  switch (schema) {
    case "olm.package":
      return packageDocument(body, text("defaultChannel"));
    case "olm.channel":
      if (isEmptyList(member(body, "entries"))) return emptyChannel(text("package"), text("name"));
      return channelDocument({
        package: text("package"),
        name: text("name"),
        entries: decodeChannel(text("name"), body).entries,
        properties: asProperties(member(body, "properties")),
      });
    case "olm.bundle":
      return bundleDocument(decodeBundle(body));
    case "olm.deprecations": {
      const entries = deprecationEntries(body);
      if (entries.length > 0) return deprecationsDocument(text("package"), "", entries);
      const none = isEmptyList(member(body, "entries")) ? [] : null;
      return new Members([
        ["schema", schema],
        ["package", text("package")],
        ["entries", none],
      ]);
    }
    default:
      return body;
  }
}

/** Go keeps an empty list apart from a missing one. */
function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function emptyChannel(packageName: string, name: string): Members {
  return new Members([
    ["schema", "olm.channel"],
    ["name", name],
    ["package", packageName],
    ["entries", []],
  ]);
}

/** The rendered catalog as text, document by document: indented JSON objects, or YAML documents. */
export async function* renderText(catalog: Catalog, options: RenderOptions & { readonly format: "json" | "yaml" }): AsyncGenerator<string> {
  for await (const document of renderDocuments(catalog, options)) {
    yield options.format === "json" ? `${goJson(document, "    ")}\n` : `---\n${goYaml(document)}`;
  }
}
