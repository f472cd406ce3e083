import { foldedMember, foldKey } from "./fold.ts";
import type { JsonSlice } from "./json-scanner.ts";
import { type MemberSpan, skipBlanks, skipValue, topMembers } from "./json-walk.ts";

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
  | { readonly head: DocumentHead; readonly body?: Record<string, unknown>; readonly relatedImages?: MemberSpan }
  | { readonly wrong: string };

const PACKAGE_PROPERTY = '"olm.package"';

/**
 * Reads the head off a JSON document. Only the members at the top and the small `olm.package` property are decoded; a
 * bundle's manifests are never touched.
 */
export function headOfSlice(slice: JsonSlice): HeadResult {
  // No search leaves the document: what is behind it may be long.
  const bytes = slice.bytes.subarray(0, slice.end);
  const top = topMembers(bytes, slice);
  if (top === undefined || top.members.length === 0) return wholeHead(slice);
  const spans = new Map<string, MemberSpan>();
  for (const member of top.members) {
    const key = plainText(bytes, member.key, member.keyEnd);
    if (key === undefined) return wholeHead(slice);
    const folded = foldKey(key);
    const same = spans.get(folded);
    const before = same === undefined ? key : bytes.toString("latin1", same.key + 1, same.keyEnd - 1);
    if (before !== key) return { wrong: duplicateKeys(before, key) };
    spans.set(folded, member);
  }
  const text = (key: string): string | undefined => {
    const span = spans.get(key);
    return span === undefined ? "" : stringAt(bytes, span);
  };
  const schema = text("schema");
  const owner = text("package");
  const name = text("name");
  if (schema === undefined || owner === undefined || name === undefined) return wholeHead(slice);
  if (schema === "") return { wrong: "has no schema" };
  const image = schema === "olm.bundle" ? text("image") : "";
  const defaultChannel = schema === "olm.package" ? text("defaultchannel") : "";
  const version = schema === "olm.bundle" ? versionAt(bytes, spans.get("properties"), top.lineStart) : "";
  if (image === undefined || defaultChannel === undefined || version === undefined) return wholeHead(slice);
  const related = schema === "olm.bundle" ? spans.get("relatedimages") : undefined;
  return {
    head: { schema, package: owner, name, image, version, defaultChannel },
    ...(related === undefined ? {} : { relatedImages: related }),
  };
}

function wholeHead(shape: JsonSlice): HeadResult {
  try {
    return headOfBody(parseObject(shape.bytes.toString("utf8", shape.start, shape.end)));
  } catch (error) {
    return { wrong: `is not JSON: ${error instanceof Error ? error.message : String(error)}` };
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

/** Decodes the `olm.package` property and nothing else; undefined: the whole document must be looked at. */
function versionAt(bytes: Buffer, properties: MemberSpan | undefined, lineStart: string | undefined): string | undefined {
  if (properties === undefined) return "";
  if (bytes[properties.value] !== 0x5b) return undefined;
  const hit = bytes.indexOf(PACKAGE_PROPERTY, properties.value, "latin1");
  if (hit === -1 || hit >= properties.valueEnd) return undefined;
  const pretty =
    lineStart === undefined ? undefined : prettyItem(bytes, { hit, from: properties.value, end: properties.valueEnd, lineStart });
  const version = pretty === undefined ? undefined : decodedVersion(pretty);
  if (version !== undefined) return version;
  let at = skipBlanks(bytes, properties.value + 1, properties.valueEnd);
  while (bytes[at] === 0x7b) {
    const end = skipValue(bytes, at, properties.valueEnd);
    if (end < 0) return undefined;
    if (hit < end) return decodedVersion(bytes.toString("utf8", at, end));
    at = skipBlanks(bytes, end, properties.valueEnd);
    if (bytes[at] === 0x2c) at = skipBlanks(bytes, at + 1, properties.valueEnd);
  }
  return undefined;
}

/** The item around a position, where items begin and end on lines of their own, indented twice as deep as members. */
function prettyItem(
  bytes: Buffer,
  at: { readonly hit: number; readonly from: number; readonly end: number; readonly lineStart: string },
): string | undefined {
  const line = at.lineStart + at.lineStart.slice(at.lineStart.lastIndexOf("\n") + 1);
  const start = bytes.subarray(at.from, at.hit).lastIndexOf(`${line}{`, at.hit, "latin1");
  const end = bytes.subarray(at.hit, at.end).indexOf(`${line}}`, 0, "latin1");
  return start === -1 || end === -1 ? undefined : bytes.toString("utf8", at.from + start, at.hit + end + line.length + 1);
}

/** The version when the text is an `olm.package` property; undefined for one that only speaks of it. */
function decodedVersion(text: string): string | undefined {
  try {
    return versionOfProperty(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The text between quotes; undefined when it needs decoding. */
function plainText(bytes: Buffer, start: number, end: number): string | undefined {
  for (let at = start + 1; at < end - 1; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x80 || byte === 0x5c) return undefined;
  }
  return bytes.toString("latin1", start + 1, end - 1);
}

/** The string value of a member; undefined when it is something else. */
function stringAt(bytes: Buffer, { value, valueEnd }: MemberSpan): string | undefined {
  if (bytes[value] !== 0x22) return undefined;
  return plainText(bytes, value, valueEnd) ?? decode(bytes.toString("utf8", value, valueEnd));
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
