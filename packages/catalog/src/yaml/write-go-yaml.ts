import { byBytes, Members } from "../write/go-json.ts";
import { isTimestamp, resolveGoScalar } from "./go-scalars.ts";

/** Where lines of long text are broken. */
const WIDTH = 80;
const INDENT = 2;
const SURROGATE = /[\ud800-\udfff]/;
/** What needs no closer look: printable ASCII, with tabs and line feeds in literal text. */
/** Names of members and images: nothing in them has to be quoted or broken. */
const NAME = /^[A-Za-z][A-Za-z0-9_./-]*$/;
const ASCII = /^[\x20-\x7e]*$/;
const ASCII_LINES = /^[\t\n\x20-\x7e]*$/;

/**
 * A value as YAML in the style of sigs.k8s.io/yaml: sorted keys, lists not indented below their key, text with line
 * feeds as literal blocks, long plain text broken at blanks beyond column 80.
 */
export function goYaml(value: unknown): string {
  const text = node(value, { indent: 0, column: 0, inList: false });
  return text.endsWith("\n") ? text : `${text}\n`;
}

interface Place {
  /** Blanks in front of the members of this collection. */
  readonly indent: number;
  /** Characters on the line so far. */
  readonly column: number;
  readonly inList: boolean;
}

function node(value: unknown, place: Place): string {
  const map = mapOf(value);
  if (map !== undefined) return mapText(map, place);
  if (Array.isArray(value)) return listText(value as readonly unknown[], place);
  return `${scalar(value, place)}\n`;
}

/** A map with its keys in the order in which they are written. */
interface OrderedMap {
  readonly keys: readonly string[];
  readonly own: Readonly<Record<string, unknown>>;
}

function mapOf(value: unknown): OrderedMap | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  if (value instanceof Members) {
    const own = Object.create(null) as Record<string, unknown>;
    for (const [key, member] of value.list) own[key] = member;
    return { keys: Object.keys(own).sort(byBytes), own };
  }
  const own = value as Readonly<Record<string, unknown>>;
  return { keys: Object.keys(own).sort(byKey), own };
}

/** Go's YAML sorts keys naturally: numbers inside them count as numbers, letters come after other characters. */
function byKey(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at++) {
    const x = a.charCodeAt(at);
    const y = b.charCodeAt(at);
    // Keys that first differ in plain letters are nearly all there are.
    if (x !== y) return isPlainLetter(x) && isPlainLetter(y) ? x - y : byNaturalOrder(a, b);
  }
  return a.length - b.length;
}

function isPlainLetter(unit: number): boolean {
  return (unit >= 0x61 && unit <= 0x7a) || (unit >= 0x41 && unit <= 0x5a);
}

function byNaturalOrder(a: string, b: string): number {
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

function mapText({ keys, own }: OrderedMap, { indent, inList }: Place): string {
  if (keys.length === 0) return "{}\n";
  const blanks = " ".repeat(indent);
  let out = "";
  for (const key of keys) {
    // The first member of a list's element stands behind its dash.
    if (out !== "" || !inList) out += blanks;
    const name = keyText(key);
    out += `${name}:`;
    const value = own[key];
    const below = mapOf(value);
    if (below !== undefined && below.keys.length > 0) out += `\n${mapText(below, { indent: indent + INDENT, column: 0, inList: false })}`;
    else if (Array.isArray(value) && value.length > 0)
      out += `\n${listText(value as readonly unknown[], { indent, column: 0, inList: false })}`;
    else out += ` ${node(value, { indent: indent + INDENT, column: indent + widthOf(name) + 2, inList })}`;
  }
  return out;
}

function listText(list: readonly unknown[], { indent, inList }: Place): string {
  if (list.length === 0) return "[]\n";
  const blanks = " ".repeat(indent);
  const inside = { indent: indent + INDENT, column: indent + 2, inList: true };
  let out = "";
  for (const item of list) out += `${out === "" && inList ? "" : blanks}- ${node(item, inside)}`;
  return out;
}

/** In characters, as columns are counted. */
function widthOf(text: string): number {
  return SURROGATE.test(text) ? [...text].length : text.length;
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
  // A name without blanks or signs can only be mistaken for one of the words.
  if (NAME.test(text) && typeof resolveGoScalar(text) === "string") return text;
  const place = { column, indent };
  const special =
    !ASCII.test(text) && /[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufeff\uff00-\ufffd\u{10000}-\u{10ffff}]|[\t\x7f\ufeff]/u.test(text);
  if (special) return folded(doubleQuoted(text), place, "double");
  if (typeof resolveGoScalar(text) !== "string" || isBase60(text) || isTimestamp(text) || text === "<<" || text === "=")
    return folded(doubleQuoted(text), place, "double");
  if (plainAllowed(text)) return folded(text, place, "plain");
  return folded(`'${text.replaceAll("'", "''")}'`, place, "single");
}

function isBase60(text: string): boolean {
  return text.includes(":") && /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/.test(text);
}

const INDICATORS = "#,[]{}&*!|>'\"%@`";

/** libyaml's rules for block context. */
function plainAllowed(text: string): boolean {
  if (text === "" || text.startsWith(" ") || text.endsWith(" ") || text.startsWith("---") || text.startsWith("...")) return false;
  if (INDICATORS.includes(text.charAt(0))) return false;
  if (/^[-?:](?:\s|$)/.test(text)) return false;
  return (!text.includes(":") && !text.includes("#")) || !/:(?:\s|$)|\s#/.test(text);
}

function literal(text: string, indent: number): string | undefined {
  if (
    (!ASCII_LINES.test(text) &&
      /[^\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufeff\uff00-\ufffd\u{10000}-\u{10ffff}]|[\t\x7f\ufeff]/u.test(text.replaceAll("\t", " "))) ||
    text.endsWith(" ") ||
    text.includes(" \n")
  )
    return undefined;
  let trailing = 0;
  while (trailing < text.length && text.charCodeAt(text.length - 1 - trailing) === 0x0a) trailing += 1;
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
  const lineStart = `\n${" ".repeat(Math.max(place.indent, INDENT))}`;
  // Breaks come at blanks alone, so nothing else has to be looked at; with surrogates a character may be two units.
  const chars = SURROGATE.test(text) ? [...text] : undefined;
  const length = chars?.length ?? text.length;
  const isBlank = (at: number): boolean => (chars === undefined ? text.charCodeAt(at) === 0x20 : chars[at] === " ");
  const cut = (from: number, to: number): string => (chars === undefined ? text.slice(from, to) : chars.slice(from, to).join(""));
  const next = (from: number): number => (chars === undefined ? text.indexOf(" ", from) : chars.indexOf(" ", from));
  let out = "";
  let done = 0;
  /** Column of the character at `done`. */
  let column = place.column;
  for (let at = next(0); at !== -1; at = next(at + 1)) {
    if (column + at - done <= WIDTH || at === 0 || at === length - 1) continue;
    if (style !== "plain" && (at <= 1 || at >= length - 2)) continue;
    if (style !== "double" && (isBlank(at + 1) || isBlank(at - 1))) continue;
    out += cut(done, at) + lineStart;
    done = at + 1;
    column = lineStart.length - 1;
    if (style === "double" && isBlank(done)) {
      out += "\\";
      column += 1;
    }
  }
  return out + cut(done, length);
}
