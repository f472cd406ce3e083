import { asList, asObject, asText, type JsonObject, member } from "../document/shape.ts";
import type { Bundle, ChannelEntry, Property, RelatedImageEntry } from "../types.ts";
import { byBytes, Members } from "./go-json.ts";

/**
 * The four known documents as opm encodes them: members in the order of its structs, unknown ones left out, optional
 * ones left out when empty. Missing `image`, `entries` and `defaultChannel` are written all the same.
 */
export function packageDocument(body: JsonObject, defaultChannel: string): Members {
  const icon = asObject(member(body, "icon"));
  return new Members([
    ["schema", "olm.package"],
    ["name", asText(member(body, "name"))],
    ["defaultChannel", defaultChannel],
    ...(icon === undefined ? [] : [["icon", iconMembers(icon)] as const]),
    ...optional("description", asText(member(body, "description"))),
    ...properties(asProperties(member(body, "properties"))),
  ]);
}

/** An `olm.channel` with the entries that are kept. */
export function channelDocument(channel: {
  readonly package: string;
  readonly name: string;
  readonly entries: readonly ChannelEntry[];
  readonly properties?: readonly Property[];
}): Members {
  return new Members([
    ["schema", "olm.channel"],
    ["name", channel.name],
    ["package", channel.package],
    ["entries", channel.entries.length === 0 ? null : channel.entries.map(entryMembers)],
    ...properties(channel.properties ?? []),
  ]);
}

/** An `olm.bundle`; related images are sorted by image, stably. `keepValues` also writes text that stands under `value`. */
export function bundleDocument(bundle: Bundle, keepValues: boolean = false): Members {
  const images = bundle.relatedImages.toSorted((a, b) => byBytes(a.image, b.image));
  return new Members([
    ["schema", "olm.bundle"],
    ["name", bundle.name],
    ...optional("package", bundle.package),
    ["image", bundle.image],
    ...properties(objectsLast(bundle.properties)),
    ...(images.length === 0 ? [] : [["relatedImages", images.map((image) => imageMembers(image, keepValues))] as const]),
  ]);
}

/** One entry of `olm.deprecations`. */
export interface DeprecationEntry {
  readonly schema: string;
  readonly name: string;
  readonly message: string;
}

/** Entries of an `olm.deprecations` document. */
export function deprecationEntries(body: JsonObject): readonly DeprecationEntry[] {
  return asList(member(body, "entries")).map((entry) => ({
    schema: asText(member(entry, "reference", "schema")),
    name: asText(member(entry, "reference", "name")),
    message: asText(member(entry, "message")),
  }));
}

/** An `olm.deprecations` with the entries that are kept. */
export function deprecationsDocument(packageName: string, name: string, entries: readonly DeprecationEntry[]): Members {
  return new Members([
    ["schema", "olm.deprecations"],
    ["package", packageName],
    ...optional("name", name),
    [
      "entries",
      entries.map(
        (entry) =>
          new Members([
            ["reference", new Members([["schema", entry.schema], ...optional("name", entry.name)])],
            ["message", entry.message],
          ]),
      ),
    ],
  ]);
}

/** Properties of a document body, as far as they have a type. */
export function asProperties(value: unknown): readonly Property[] {
  return asList(value).map((property) => ({ type: asText(member(property, "type")), value: member(property, "value") ?? null }));
}

/** opm keeps manifests and CSV metadata apart from the other properties while it works, and appends them. */
function objectsLast(list: readonly Property[]): readonly Property[] {
  const isObject = (property: Property): boolean => property.type === "olm.bundle.object" || property.type === "olm.csv.metadata";
  return [...list.filter((property) => !isObject(property)), ...list.filter(isObject)];
}

function properties(list: readonly Property[]): (readonly [string, unknown])[] {
  if (list.length === 0) return [];
  return [
    [
      "properties",
      list.map(
        (property) =>
          new Members([
            ["type", property.type],
            ["value", property.value],
          ]),
      ),
    ],
  ];
}

function entryMembers(entry: ChannelEntry): Members {
  return new Members([
    ["name", entry.name],
    ...optional("replaces", entry.replaces ?? ""),
    ...(entry.skips === undefined || entry.skips.length === 0 ? [] : [["skips", entry.skips] as const]),
    ...optional("skipRange", entry.skipRange ?? ""),
  ]);
}

function imageMembers(image: RelatedImageEntry, keepValues: boolean): Members {
  return new Members([["name", image.name], ["image", image.image], ...(keepValues ? optional("value", image.value ?? "") : [])]);
}

function iconMembers(icon: JsonObject): Members {
  return new Members([
    // Go writes missing bytes as null.
    ["base64data", plainBase64(asText(member(icon, "base64data"))) || null],
    ["mediatype", asText(member(icon, "mediatype"))],
  ]);
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Bytes as Go writes them again: on one line, without stray bits at the end. What is no base64 stays what it is. */
function plainBase64(text: string): string {
  const line = text.replaceAll(/[\r\n]/g, "");
  return BASE64.test(line) ? Buffer.from(line, "base64").toString("base64") : text;
}

function optional(key: string, value: string): (readonly [string, unknown])[] {
  return value === "" ? [] : [[key, value]];
}
