import { foldedMember, foldKey } from "./fold.ts";
import type { JsonShape } from "./json-scanner.ts";

/** What the index keeps of a document. */
export interface DocumentHead {
  readonly schema: string;
  readonly package: string;
  readonly name: string;
  /** Of bundles. */
  readonly image: string;
  /** Of bundles: version of the `olm.package` property, empty when there is none. */
  readonly version: string;
  /** Of packages. */
  readonly defaultChannel: string;
}

/** The head, or what is wrong with the document in the words of a sentence's end: `has no schema`. */
export type HeadResult =
  | { readonly head: DocumentHead; readonly body?: Record<string, unknown> }
  | { readonly wrong: string; readonly syntax?: boolean };

const PACKAGE_PROPERTY = '"olm.package"';

/**
 * Reads the head off the outer shape of a JSON document. Only the members at the top and the small `olm.package`
 * property are decoded; a bundle's manifests are never touched.
 */
export function headOfShape(shape: JsonShape): HeadResult {
  const { bytes, members } = shape;
  const seen = new Map<string, string>();
  const spans = new Map<string, readonly [number, number]>();
  for (let i = 0; i + 3 < members.length; i += 4) {
    const key = keyAt(bytes, members[i] ?? 0, members[i + 1] ?? 0);
    const start = members[i + 2] ?? -1;
    const end = members[i + 3] ?? -1;
    if (key === undefined || start === -1 || end === -1) return wholeHead(shape);
    const folded = foldKey(key);
    const before = seen.get(folded);
    if (before !== undefined && before !== key) return { wrong: duplicateKeys(before, key) };
    seen.set(folded, key);
    spans.set(folded, [start, end]);
  }
  if (spans.size === 0) return wholeHead(shape);
  const text = (key: string): string | undefined => {
    const span = spans.get(key);
    return span === undefined ? "" : stringAt(bytes, span[0], span[1]);
  };
  for (const key of ["schema", "package", "name"]) {
    if (text(key) === undefined) return wholeHead(shape);
  }
  const schema = text("schema") ?? "";
  if (schema === "") return { wrong: "has no schema" };
  const image = schema === "olm.bundle" ? text("image") : "";
  const defaultChannel = schema === "olm.package" ? text("defaultchannel") : "";
  if (image === undefined || defaultChannel === undefined) return wholeHead(shape);
  const version = schema === "olm.bundle" ? versionOf(shape, spans.get("properties")) : "";
  if (version === undefined) return wholeHead(shape);
  return { head: { schema, package: text("package") ?? "", name: text("name") ?? "", image, version, defaultChannel } };
}

function wholeHead(shape: JsonShape): HeadResult {
  try {
    return headOfBody(parseObject(shape.bytes.toString("utf8", shape.start, shape.end)));
  } catch (error) {
    return { wrong: `is not JSON: ${error instanceof Error ? error.message : String(error)}`, syntax: true };
  }
}

/** Parses a JSON object; `__proto__` becomes an ordinary own member. */
export function parseObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new TypeError("expected an object");
  return value as Record<string, unknown>;
}

/** Reads the head off a whole document. */
export function headOfBody(body: Record<string, unknown>): HeadResult {
  const seen = new Map<string, string>();
  for (const key of Object.keys(body)) {
    const folded = foldKey(key);
    const before = seen.get(folded);
    if (before !== undefined) return { wrong: duplicateKeys(before, key) };
    seen.set(folded, key);
  }
  const texts: Record<"schema" | "package" | "name", string> = { schema: "", package: "", name: "" };
  for (const key of ["schema", "package", "name"] as const) {
    const own = seen.get(key);
    if (own === undefined) continue;
    const value = body[own];
    if (typeof value !== "string") return { wrong: `has a "${key}" that is ${kindOf(value)}, not a string` };
    texts[key] = value;
  }
  if (texts.schema === "") return { wrong: "has no schema" };
  const image = foldedMember(body, "image");
  const defaultChannel = foldedMember(body, "defaultChannel");
  return {
    head: {
      ...texts,
      image: texts.schema === "olm.bundle" && typeof image === "string" ? image : "",
      version: texts.schema === "olm.bundle" ? versionOfProperties(foldedMember(body, "properties")) : "",
      defaultChannel: texts.schema === "olm.package" && typeof defaultChannel === "string" ? defaultChannel : "",
    },
    body,
  };
}

/** Version of the first `olm.package` property; empty when there is none. */
export function versionOfProperties(properties: unknown): string {
  if (!Array.isArray(properties)) return "";
  for (const property of properties as readonly unknown[]) {
    const version = versionOfProperty(property);
    if (version !== undefined) return version;
  }
  return "";
}

function versionOfProperty(property: unknown): string | undefined {
  if (typeof property !== "object" || property === null || Array.isArray(property)) return undefined;
  const own = property as Record<string, unknown>;
  if (foldedMember(own, "type") !== "olm.package") return undefined;
  const value = foldedMember(own, "value");
  if (typeof value !== "object" || value === null) return "";
  const version = foldedMember(value as Record<string, unknown>, "version");
  return typeof version === "string" ? version : "";
}

/** Finds the `olm.package` property by its text and decodes nothing else; undefined: the whole document must be looked at. */
function versionOf(shape: JsonShape, properties: readonly [number, number] | undefined): string | undefined {
  if (properties === undefined) return "";
  const { bytes, elements } = shape;
  let from = properties[0];
  for (;;) {
    const hit = bytes.indexOf(PACKAGE_PROPERTY, from, "latin1");
    if (hit === -1 || hit >= properties[1]) return undefined;
    const element = elementAround(elements, hit);
    if (element === undefined) return undefined;
    try {
      const version = versionOfProperty(JSON.parse(bytes.toString("utf8", element[0], element[1])));
      if (version !== undefined) return version;
    } catch {
      return undefined;
    }
    from = element[1];
  }
}

function elementAround(elements: readonly number[], at: number): readonly [number, number] | undefined {
  for (let i = 0; i + 1 < elements.length; i += 2) {
    const start = elements[i] ?? 0;
    const end = elements[i + 1] ?? 0;
    if (start <= at && at < end) return [start, end];
  }
  return undefined;
}

/** The key between its quotes; undefined when it needs decoding. */
function keyAt(bytes: Buffer, start: number, end: number): string | undefined {
  for (let at = start + 1; at < end - 1; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x80 || byte === 0x5c) return undefined;
  }
  return bytes.toString("latin1", start + 1, end - 1);
}

/** The string value of a member; undefined when it is no plain string. */
function stringAt(bytes: Buffer, from: number, to: number): string | undefined {
  let start = from;
  let end = to;
  while (start < end && (bytes[start] ?? 0) <= 0x20) start += 1;
  while (end > start && (bytes[end - 1] ?? 0) <= 0x20) end -= 1;
  if (end - start < 2 || bytes[start] !== 0x22 || bytes[end - 1] !== 0x22) return undefined;
  return keyAt(bytes, start, end) ?? decode(bytes.toString("utf8", start, end));
}

function decode(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

function duplicateKeys(first: string, second: string): string {
  return `has keys that differ only in case: ${[first, second]
    .sort()
    .map((key) => JSON.stringify(key))
    .join(" and ")}`;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a map" : `a ${typeof value}`;
}
