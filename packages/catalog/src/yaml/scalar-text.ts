import { isTimestamp, resolveGoScalar } from "./go-scalars.ts";

/** Where lines of long text are broken. */
const WIDTH = 80;
const INDENT = 2;
/** A longer key is written with a question mark, in bytes. */
const MAX_SIMPLE_KEY = 128;
const SURROGATE = /[\ud800-\udfff]/;
/** Names of members and images: nothing in them has to be quoted or broken. */
const NAME = /^[A-Za-z][A-Za-z0-9_./-]*$/;
/** What needs no closer look. */
const ASCII = /^[\n\x20-\x7e]*$/;
/** What Go escapes: control characters with tabs, byte order marks, and everything beyond the 16 bits of old Unicode. */
const UNPRINTABLE = /[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/;
/** Ends of lines to YAML 1.1. */
const BREAK = /[\r\n\u2028\u2029]/;

const OTHER_BREAK_AT_BLANK = / [\u2028\u2029]|[\u2028\u2029] /;
/** Behind such ends of lines stands the indentation, without a line feed. */
const OTHER_BREAKS = /[\u2028\u2029]+(?=[^\u2028\u2029])/g;

/** Where a scalar stands. */
export interface ScalarPlace {
  /** Blanks in front of the lines that it goes on in. */
  readonly indent: number;
  /** Characters on the line so far. */
  readonly column: number;
}

/** In characters, as columns are counted. */
export function widthOf(text: string): number {
  return SURROGATE.test(text) ? [...text].length : text.length;
}

/** Whether a key needs a question mark in front: it has lines, or is too long. */
export function isLongKey(key: string): boolean {
  return key.length * 3 > MAX_SIMPLE_KEY && Buffer.byteLength(key) > MAX_SIMPLE_KEY ? true : BREAK.test(key);
}

/** A key on one line. Go writes the key of a merge plain even where it is none; quoted, it reads back as what it was. */
export function keyText(key: string): string {
  if (key === "<<") return '"<<"';
  return scalarStyle(key, { column: Number.POSITIVE_INFINITY, indent: 0 });
}

/** Text as a scalar: a literal block where it has lines, else in the plainest style that reads back as the same text. */
export function scalarText(text: string, place: ScalarPlace): string {
  if (text.includes("\n")) return literal(text, place.indent) ?? folded(doubleQuoted(text), place, "double");
  return scalarStyle(text, place);
}

/** Whole numbers of 64 bits by their digits, others with an exponent below 1e-4 and from 1e6 on. */
export function numberText(value: number): string {
  if (Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 64) return String(value);
  const [mantissa = "", exponent = "0"] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

/** Plain where it reads back as the same text, else single quotes, else double ones. */
function scalarStyle(text: string, place: ScalarPlace): string {
  // A name without blanks or signs can only be mistaken for one of the words.
  if (NAME.test(text) && typeof resolveGoScalar(text) === "string") return text;
  if (isSpecial(text) || typeof resolveGoScalar(text) !== "string" || isBase60(text) || isTimestamp(text))
    return folded(doubleQuoted(text), place, "double");
  const breaks = !ASCII.test(text) && BREAK.test(text);
  if (breaks && OTHER_BREAK_AT_BLANK.test(text)) return folded(doubleQuoted(text), place, "double");
  if (!breaks && plainAllowed(text)) return folded(text, place, "plain");
  if (breaks) return `'${text.replaceAll("'", "''").replaceAll(OTHER_BREAKS, `$&${" ".repeat(Math.max(place.indent, INDENT))}`)}'`;
  return folded(`'${text.replaceAll("'", "''")}'`, place, "single");
}

function isSpecial(text: string): boolean {
  return !ASCII.test(text) && UNPRINTABLE.test(text);
}

function isBase60(text: string): boolean {
  return text.includes(":") && /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/.test(text);
}

const INDICATORS = "#,[]{}&*!|>'\"%@`";

/** libyaml's rules for block context. */
function plainAllowed(text: string): boolean {
  if (text === "" || text.startsWith(" ") || text.endsWith(" ") || text.startsWith("---") || text.startsWith("...")) return false;
  if (INDICATORS.includes(text.charAt(0))) return false;
  if (/^[-?:](?: |$)/.test(text)) return false;
  return (!text.includes(":") && !text.includes("#")) || !/:(?: |$)| #/.test(text);
}

function literal(text: string, indent: number): string | undefined {
  if (isSpecial(text) || text.endsWith(" ") || text.includes(" \n")) return undefined;
  let trailing = 0;
  while (trailing < text.length && text.charCodeAt(text.length - 1 - trailing) === 0x0a) trailing += 1;
  const chomp = trailing === 0 ? "-" : trailing > 1 || text === "\n" ? "+" : "";
  const hint = /^[ \n]/.test(text) ? String(INDENT) : "";
  const blanks = " ".repeat(Math.max(indent, INDENT));
  const lines = text.split("\n");
  if (trailing > 0) lines.pop();
  return `|${hint}${chomp}\n${lines.map((line) => (line === "" ? "" : blanks + line)).join("\n")}`;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\0", "\\0"],
  ["\x07", "\\a"],
  ["\b", "\\b"],
  ["\t", "\\t"],
  ["\n", "\\n"],
  ["\v", "\\v"],
  ["\f", "\\f"],
  ["\r", "\\r"],
  ["\x1b", "\\e"],
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["\x85", "\\N"],
  ["\u2028", "\\L"],
  ["\u2029", "\\P"],
]);

function doubleQuoted(text: string): string {
  // A byte order mark in front makes Go escape all that follows.
  const all = text.startsWith("\ufeff");
  let out = '"';
  for (const char of text) out += ESCAPES.get(char) ?? (all || UNPRINTABLE.test(char) ? escaped(char) : char);
  return `${out}"`;
}

function escaped(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code === 0xa0) return "\\_";
  const [mark, digits] = code <= 0xff ? ["x", 2] : code <= 0xffff ? ["u", 4] : ["U", 8];
  return `\\${mark}${code.toString(16).toUpperCase().padStart(Number(digits), "0")}`;
}

/** Breaks a line at single blanks once it is wider than {@link WIDTH}; the text goes on with the collection's indent. */
function folded(text: string, place: ScalarPlace, style: "plain" | "single" | "double"): string {
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
    if (column + at - done <= WIDTH || at === 0 || at === length - 1 || isBlank(at - 1)) continue;
    if (style !== "plain" && (at <= 1 || at >= length - 2)) continue;
    if (style !== "double" && isBlank(at + 1)) continue;
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
