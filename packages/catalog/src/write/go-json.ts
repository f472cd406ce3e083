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
export function goJson(value: unknown, indent = ""): string {
  const parts: string[] = [];
  write(value, { parts, indent, newline: indent === "" ? "" : "\n" });
  return parts.join("");
}

interface Sink {
  readonly parts: string[];
  readonly indent: string;
  /** Line feed and blanks of the current depth; empty in compact form. */
  readonly newline: string;
}

function write(value: unknown, sink: Sink): void {
  if (typeof value === "string") sink.parts.push(goString(value));
  else if (typeof value === "number") sink.parts.push(goNumber(value));
  else if (typeof value === "boolean") sink.parts.push(value ? "true" : "false");
  else if (typeof value !== "object" || value === null) sink.parts.push("null");
  else if (Array.isArray(value)) writeList(value, sink);
  else if (value instanceof Members) writeMembers(value.list, sink);
  else writeMembers(sortedMembers(value as Record<string, unknown>), sink);
}

function writeList(list: readonly unknown[], sink: Sink): void {
  if (list.length === 0) {
    sink.parts.push("[]");
    return;
  }
  const inner = deeper(sink);
  list.forEach((item, index) => {
    sink.parts.push(index === 0 ? "[" : ",", inner.newline);
    write(item, inner);
  });
  sink.parts.push(sink.newline, "]");
}

function writeMembers(members: readonly (readonly [string, unknown])[], sink: Sink): void {
  if (members.length === 0) {
    sink.parts.push("{}");
    return;
  }
  const inner = deeper(sink);
  const colon = sink.indent === "" ? ":" : ": ";
  members.forEach(([key, value], index) => {
    sink.parts.push(index === 0 ? "{" : ",", inner.newline, goString(key), colon);
    write(value, inner);
  });
  sink.parts.push(sink.newline, "}");
}

function deeper(sink: Sink): Sink {
  return sink.indent === "" ? sink : { ...sink, newline: sink.newline + sink.indent };
}

function sortedMembers(object: Record<string, unknown>): [string, unknown][] {
  return Object.keys(object)
    .sort(byBytes)
    .map((key) => [key, object[key]]);
}

/** Order of the UTF-8 bytes; UTF-16 order differs from it only where surrogates meet U+E000 and above. */
export function byBytes(a: string, b: string): number {
  if (a === b) return 0;
  return HIGH.test(a) || HIGH.test(b) ? Buffer.compare(Buffer.from(a), Buffer.from(b)) : a < b ? -1 : 1;
}

const HIGH = /[\ud800-\uffff]/;
const SPECIAL = /[\u2028\u2029\ud800-\udfff]/;

function goString(text: string): string {
  const quoted = JSON.stringify(SPECIAL.test(text) ? text.toWellFormed() : text);
  return SPECIAL.test(quoted) ? quoted.replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029") : quoted;
}

/** Numbers come from JSON; Go and JavaScript print them alike but for negative zero and the exponent's zero (`1e-07`). */
function goNumber(value: number): string {
  if (Object.is(value, -0)) return "-0";
  return Number.isFinite(value) ? String(value) : "null";
}
