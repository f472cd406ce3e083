import { byBytes, Members } from "../write/go-json.ts";
import { resolveGoScalar } from "./go-scalars.ts";

/** Where lines of long text are broken. */
const WIDTH = 80;
const INDENT = 2;

/**
 * A value as YAML in the style of sigs.k8s.io/yaml: sorted keys, lists not indented below their key, text with line
 * feeds as literal blocks, long plain text broken at blanks beyond column 80.
 */
export function goYaml(value: unknown): string {
  const out: string[] = [];
  emit(value, { out, indent: 0, column: 0, inList: false });
  const text = out.join("");
  return text.endsWith("\n") ? text : `${text}\n`;
}

interface Place {
  readonly out: string[];
  /** Blanks in front of the members of this collection. */
  readonly indent: number;
  /** Characters on the line so far. */
  readonly column: number;
  readonly inList: boolean;
}

function emit(value: unknown, place: Place): void {
  const members = membersOf(value);
  if (members !== undefined) emitMap(members, place);
  else if (Array.isArray(value)) emitList(value as readonly unknown[], place);
  else place.out.push(`${scalar(value, place)}\n`);
}

function membersOf(value: unknown): readonly (readonly [string, unknown])[] | undefined {
  if (value instanceof Members) return [...value.list].sort((a, b) => byBytes(a[0], b[0]));
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const own = value as Readonly<Record<string, unknown>>;
  return Object.keys(own)
    .sort(byKey)
    .map((key) => [key, own[key]]);
}

/** Go's YAML sorts keys naturally: numbers inside them count as numbers, letters come after other characters. */
function byKey(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  for (let at = 0; at < left.length && at < right.length; at++) {
    const x = left[at] ?? "";
    const y = right[at] ?? "";
    if (x === y) continue;
    const numberA = /^[0-9]+/.exec(left.slice(at).join(""))?.[0];
    const numberB = /^[0-9]+/.exec(right.slice(at).join(""))?.[0];
    const letterA = /\p{L}/u.test(x);
    const letterB = /\p{L}/u.test(y);
    if (letterA && letterB) return byBytes(x, y);
    if (letterA !== letterB) return letterA ? 1 : -1;
    if (numberA !== undefined && numberB !== undefined && Number(numberA) !== Number(numberB)) return Number(numberA) - Number(numberB);
    return byBytes(x, y);
  }
  return left.length - right.length;
}

function emitMap(members: readonly (readonly [string, unknown])[], place: Place): void {
  if (members.length === 0) {
    place.out.push("{}\n");
    return;
  }
  const blanks = " ".repeat(place.indent);
  members.forEach(([key, value], at) => {
    // The first member of a list's element stands behind its dash.
    const lead = at === 0 && place.inList ? "" : blanks;
    const name = keyText(key);
    place.out.push(lead, name, ":");
    const column = place.indent + [...name].length + 1;
    const below = membersOf(value);
    if (below !== undefined && below.length > 0) {
      place.out.push("\n");
      emitMap(below, { ...place, indent: place.indent + INDENT, inList: false });
    } else if (Array.isArray(value) && value.length > 0) {
      place.out.push("\n");
      emitList(value as readonly unknown[], { ...place, inList: false });
    } else {
      place.out.push(" ");
      emit(value, { ...place, indent: place.indent + INDENT, column: column + 1 });
    }
  });
}

function emitList(list: readonly unknown[], place: Place): void {
  if (list.length === 0) {
    place.out.push("[]\n");
    return;
  }
  const blanks = " ".repeat(place.indent);
  list.forEach((item, at) => {
    place.out.push(at === 0 && place.inList ? "" : blanks, "- ");
    emit(item, { ...place, indent: place.indent + INDENT, column: place.indent + 2, inList: true });
  });
}

function keyText(key: string): string {
  return key.includes("\n") ? doubleQuoted(key) : scalarStyle(key, Number.POSITIVE_INFINITY, 0);
}

function scalar(value: unknown, place: Place): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (typeof value === "number") return numberText(value);
  const text = String(value);
  if (text.includes("\n")) return literal(text, place.indent) ?? folded(doubleQuoted(text), place, "double");
  return scalarStyle(text, place.column, place.indent);
}

function numberText(value: number): string {
  if (Object.is(value, -0)) return "-0";
  return String(value).replace(/e([+-])([0-9])$/, "e$10$2");
}

/** Plain where it reads back as the same text, else single quotes, else double ones. */
function scalarStyle(text: string, column: number, indent: number): string {
  const place = { column, indent };
  const special = /[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufeff\uff00-\ufffd\u{10000}-\u{10ffff}]|[\t\x7f\ufeff]/u.test(text);
  if (special) return folded(doubleQuoted(text), place, "double");
  if (typeof resolveGoScalar(text) !== "string" || isBase60(text) || isTimestamp(text) || text === "<<" || text === "=")
    return folded(doubleQuoted(text), place, "double");
  if (plainAllowed(text)) return folded(text, place, "plain");
  return folded(`'${text.replaceAll("'", "''")}'`, place, "single");
}

function isBase60(text: string): boolean {
  return /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/.test(text);
}

function isTimestamp(text: string): boolean {
  return /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?)?$/.test(
    text,
  );
}

/** libyaml's rules for block context. */
function plainAllowed(text: string): boolean {
  if (text === "" || text.startsWith(" ") || text.endsWith(" ") || /^(?:---|\.\.\.)/.test(text)) return false;
  if (/^[#,[\]{}&*!|>'"%@`]/.test(text)) return false;
  if (/^[-?:](?:\s|$)/.test(text)) return false;
  return !/:(?:\s|$)|\s#/.test(text);
}

function literal(text: string, indent: number): string | undefined {
  if (
    /[^\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufeff\uff00-\ufffd\u{10000}-\u{10ffff}]|[\t\x7f\ufeff]/u.test(text.replaceAll("\t", " ")) ||
    / \n| $/.test(text)
  )
    return undefined;
  const trailing = /\n*$/.exec(text)?.[0].length ?? 0;
  const chomp = trailing === 0 ? "-" : trailing > 1 || text === "\n" ? "+" : "";
  const hint = /^[ \n]/.test(text) ? String(INDENT) : "";
  const blanks = " ".repeat(Math.max(indent, INDENT));
  const lines = text.split("\n");
  if (trailing > 0) lines.pop();
  return `|${hint}${chomp}\n${lines.map((line) => (line === "" ? "" : blanks + line)).join("\n")}`;
}

function doubleQuoted(text: string): string {
  const escapes: Readonly<Record<string, string>> = {
    "\0": "\\0",
    "\x07": "\\a",
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\v": "\\v",
    "\f": "\\f",
    "\r": "\\r",
    "\x1b": "\\e",
    '"': '\\"',
    "\\": "\\\\",
    "\x85": "\\N",
    "\xa0": "\\_",
    "\u2028": "\\L",
    "\u2029": "\\P",
  };
  let out = '"';
  for (const char of text) {
    const known = escapes[char];
    const code = char.codePointAt(0) ?? 0;
    if (known !== undefined && char !== "\xa0") out += known;
    else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) out += `\\x${code.toString(16).toUpperCase().padStart(2, "0")}`;
    else if (code === 0xfeff) out += "\\uFEFF";
    else out += char;
  }
  return `${out}"`;
}

/** Breaks a line at single blanks once it is wider than {@link WIDTH}; the text goes on with the collection's indent. */
function folded(text: string, place: Pick<Place, "column" | "indent">, style: "plain" | "single" | "double"): string {
  if (place.column === Number.POSITIVE_INFINITY || place.column + text.length <= WIDTH) return text;
  const indent = Math.max(place.indent, INDENT);
  const chars = [...text];
  let out = "";
  let column = place.column;
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] ?? "";
    const inside = style === "plain" || (at > 1 && at < chars.length - 2);
    const single = style === "double" || (chars[at + 1] !== " " && chars[at - 1] !== " ");
    if (char === " " && column > WIDTH && inside && single && at > 0 && at < chars.length - 1) {
      out += `\n${" ".repeat(indent)}`;
      column = indent;
      if (style === "double" && chars[at + 1] === " ") {
        out += "\\";
        column += 1;
      }
    } else {
      out += char;
      column += 1;
    }
  }
  return out;
}
