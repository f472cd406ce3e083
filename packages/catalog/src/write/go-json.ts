/** An object whose members are written in the order given, as Go writes a struct. */
export class Members {
  readonly list: readonly (readonly [string, unknown])[];

  constructor(list: readonly (readonly [string, unknown])[]) {
    this.list = list;
  }
}

/**
 * JSON as Go's encoder writes it without HTML escaping: members of objects sorted by the bytes of their keys (those of
 * {@link Members} in their own order), U+2028 and U+2029 escaped, lone surrogates replaced. With `indent`, one member a
 * line as `opm render -o json` prints it.
 */
export function goJson(value: unknown, indent: string = ""): string {
  return encode(value, { indent, newline: indent === "" ? "" : "\n" });
}

interface Layout {
  readonly indent: string;
  /** Line feed and blanks of the current depth; empty in compact form. */
  readonly newline: string;
}

function encode(value: unknown, layout: Layout): string {
  if (typeof value === "string") return goString(value);
  if (typeof value === "number") return goNumber(value);
  if (typeof value === "boolean") return value ? "true" : "false";
  if (typeof value !== "object" || value === null) return "null";
  if (Array.isArray(value)) return encodeList(value, layout);
  return encodeMembers(value instanceof Members ? value.list : sortedMembers(value as Record<string, unknown>), layout);
}

function encodeList(list: readonly unknown[], layout: Layout): string {
  if (list.length === 0) return "[]";
  const inner = deeper(layout);
  let text = "";
  for (const item of list) text += `${text === "" ? "[" : ","}${inner.newline}${encode(item, inner)}`;
  return `${text}${layout.newline}]`;
}

function encodeMembers(members: readonly (readonly [string, unknown])[], layout: Layout): string {
  if (members.length === 0) return "{}";
  const inner = deeper(layout);
  const colon = layout.indent === "" ? ":" : ": ";
  let text = "";
  for (const [key, value] of members) text += `${text === "" ? "{" : ","}${inner.newline}${goString(key)}${colon}${encode(value, inner)}`;
  return `${text}${layout.newline}}`;
}

function deeper(layout: Layout): Layout {
  return layout.indent === "" ? layout : { indent: layout.indent, newline: layout.newline + layout.indent };
}

function sortedMembers(object: Record<string, unknown>): [string, unknown][] {
  const keys = Object.keys(object);
  // Documents of opm are sorted already, so most of the time nothing moves.
  if (!isSorted(keys)) keys.sort(byBytes);
  return keys.map((key) => [key, object[key]]);
}

function isSorted(keys: readonly string[]): boolean {
  for (let index = 1; index < keys.length; index += 1) if (byBytes(keys[index - 1] ?? "", keys[index] ?? "") > 0) return false;
  return true;
}

/** Order of the UTF-8 bytes; UTF-16 order differs from it only where surrogates meet U+E000 and above. */
export function byBytes(a: string, b: string): number {
  if (a === b) return 0;
  return HIGH.test(a) || HIGH.test(b) ? Buffer.compare(Buffer.from(a), Buffer.from(b)) : a < b ? -1 : 1;
}

const HIGH = /[\ud800-\uffff]/;
const SPECIAL = /[\u2028\u2029\ud800-\udfff]/;

function goString(text: string): string {
  if (!SPECIAL.test(text)) return JSON.stringify(text);
  return JSON.stringify(text.toWellFormed()).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

/** Numbers come from JSON; Go and JavaScript print them alike but for negative zero and the exponent's zero (`1e-07`). */
function goNumber(value: number): string {
  if (Object.is(value, -0)) return "-0";
  return Number.isFinite(value) ? String(value) : "null";
}
