import { byBytes, Members } from "../write/go-json.ts";
import { isLongKey, keyText, numberText, scalarText, widthOf } from "./scalar-text.ts";

const INDENT = 2;

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
    const letterA = /\p{L}/u.test(x);
    const letterB = /\p{L}/u.test(y);
    if (letterA && letterB) return byBytes(x, y);
    if (letterA !== letterB) return letterA ? 1 : -1;
    return byNumber(left, right, at);
  }
  return left.length - right.length;
}

/** Two texts that first differ at a position where neither has a letter alone: by the numbers there, then by their digits. */
function byNumber(left: readonly string[], right: readonly string[], at: number): number {
  // Behind a number that has begun before, a zero is one of its digits.
  const inside = (left[at] === "0" || right[at] === "0") && isInsideNumber(left, at) ? "1" : "";
  const a = digitsFrom(left, at);
  const b = digitsFrom(right, at);
  return Number(inside + a) - Number(inside + b) || a.length - b.length || byBytes(left[at] ?? "", right[at] ?? "");
}

function isInsideNumber(text: readonly string[], end: number): boolean {
  for (let at = end - 1; at >= 0 && isDigit(text[at]); at--) if (text[at] !== "0") return true;
  return false;
}

function digitsFrom(text: readonly string[], start: number): string {
  let at = start;
  while (isDigit(text[at])) at += 1;
  return text.slice(start, at).join("");
}

function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= "0" && char <= "9";
}

function mapText({ keys, own }: OrderedMap, { indent, inList }: Place): string {
  if (keys.length === 0) return "{}\n";
  const blanks = " ".repeat(indent);
  let out = "";
  for (const key of keys) {
    // The first member of a list's element stands behind its dash.
    if (out !== "" || !inList) out += blanks;
    const value = own[key];
    if (isLongKey(key)) {
      const inside = { indent: indent + INDENT, column: indent + 2, inList: true };
      out += `? ${scalarText(key, inside)}\n${blanks}: ${node(value, inside)}`;
      continue;
    }
    const name = keyText(key);
    out += `${name}:`;
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

function scalar(value: unknown, place: Place): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (typeof value === "number") return numberText(value);
  return scalarText(String(value), place);
}
