import { resolveGoScalar } from "./go-scalars.ts";
import { closeOfDouble, closeOfSingle, unescaped } from "./quoted-text.ts";
import { unfold } from "./unfold.ts";
import { YamlSyntaxError } from "./yaml-syntax-error.ts";

/** Deepest nesting; deeper text is left to the parser that says so. */
const MAX_DEPTH = 90;
const TAB = 0x09;
const SPACE = 0x20;
const DASH = 0x2d;
const COLON = 0x3a;
const HASH = 0x23;
const DOUBLE = 0x22;
const SINGLE = 0x27;
const PIPE = 0x7c;
const FOLD = 0x3e;
/** What begins a node of another kind: anchors, tags, aliases, flow collections, directives, explicit keys. */
const OTHER_KINDS: ReadonlySet<number> = new Set([..."&*!%@`,[]{}?#"].map((character) => character.charCodeAt(0)));
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u0084\u0086-\u009f\ufeff\ufffe\uffff]/;

/** JSON knows these escapes; to YAML 1.1 a slash is none, and half a surrogate pair is no character. */
const JSON_ONLY = /\\\/|\\u[dD][89a-fA-F]/;

/** Thrown and caught here: the text has a shape that this reader does not know. */
const OTHER_SHAPE: unique symbol = Symbol("other shape");

/**
 * Parses YAML in plain block style, as Go's encoder writes it: maps and lists by indentation, plain, quoted and literal
 * text. Several times as fast as a whole parser. Undefined for every text of another shape, valid or not; `slowly` parses
 * single scalars that span lines with escapes or folds.
 *
 * @throws YamlSyntaxError for what Go refuses and whole parsers of YAML 1.2 take.
 */
export function parsePlainYaml(text: string, slowly: (scalar: string) => unknown): { readonly value: unknown } | undefined {
  if (text.startsWith("...") || text.includes("\n...") || UNPRINTABLE.test(text) || !text.isWellFormed()) return undefined;
  try {
    return { value: new PlainReader(text, slowly).document() };
  } catch (error) {
    if (error === OTHER_SHAPE) return undefined;
    throw error;
  }
}

function otherShape(): never {
  throw OTHER_SHAPE;
}

/** Stands on one line of content at a time; inside `- key: value` the content begins behind the dash. */
class PlainReader {
  readonly #text: string;
  readonly #slowly: (scalar: string) => unknown;
  /** First character of the content at hand, and its column. */
  #at = 0;
  #column = 0;
  /** Where the line ends, before its line feed. */
  #end = 0;
  #done = false;
  #depth = 0;

  constructor(text: string, slowly: (scalar: string) => unknown) {
    this.#text = text;
    this.#slowly = slowly;
  }

  document(): unknown {
    this.#line(0);
    if (this.#column === 0 && this.#text.startsWith("---", this.#at) && this.#end - this.#at === 3) this.#line(this.#end + 1);
    if (this.#done || this.#column !== 0) otherShape();
    const value = this.#isDash() ? this.#list(0) : this.#map(0);
    if (!this.#done) otherShape();
    return value;
  }

  /** Goes to the first line with content from here on, over blank lines and comments. */
  #line(from: number): void {
    const text = this.#text;
    let start = from;
    while (start < text.length) {
      let at = start;
      while (text.charCodeAt(at) === SPACE) at += 1;
      const newline = text.indexOf("\n", at);
      const end = newline === -1 ? text.length : newline;
      if (at < end && text.charCodeAt(at) !== HASH) {
        if (text.charCodeAt(at) === TAB) this.#refuse("a tab where a line begins", at);
        this.#at = at;
        this.#column = at - start;
        this.#end = end;
        return;
      }
      start = end + 1;
    }
    this.#done = true;
    this.#column = -1;
  }

  #isDash(): boolean {
    return this.#text.charCodeAt(this.#at) === DASH && (this.#at + 1 === this.#end || this.#text.charCodeAt(this.#at + 1) === SPACE);
  }

  #afterSpaces(from: number): number {
    let at = from;
    while (at < this.#end && this.#text.charCodeAt(at) === SPACE) at += 1;
    return at;
  }

  #list(column: number): unknown[] {
    if (++this.#depth > MAX_DEPTH) otherShape();
    const list: unknown[] = [];
    while (this.#column === column && this.#isDash()) {
      const value = this.#afterSpaces(this.#at + 1);
      if (value === this.#end) {
        this.#line(this.#end + 1);
        list.push(this.#column > column ? this.#node(column) : null);
      } else {
        this.#column = column + value - this.#at;
        this.#at = value;
        list.push(this.#node(column));
      }
    }
    if (this.#column > column) otherShape();
    this.#depth -= 1;
    return list;
  }

  /** What begins here and belongs to a parent at a smaller column. */
  #node(parent: number): unknown {
    if (this.#isDash()) return this.#list(this.#column);
    return this.#keyEnd() === -1 ? this.#scalar(this.#at, parent) : this.#map(this.#column);
  }

  #map(column: number): Record<string, unknown> {
    if (++this.#depth > MAX_DEPTH) otherShape();
    const map: Record<string, unknown> = {};
    while (this.#column === column) {
      const colon = this.#keyEnd();
      if (colon === -1 || this.#isDash()) otherShape();
      const key = this.#key(colon);
      const value = this.#afterSpaces(colon + 1);
      map[key] = value === this.#end ? this.#below(column) : this.#scalar(value, column);
    }
    if (this.#column > column) otherShape();
    this.#depth -= 1;
    return map;
  }

  /** The value of a key with nothing behind it: what is deeper, or a list in the same column. */
  #below(column: number): unknown {
    this.#line(this.#end + 1);
    if (this.#column > column) return this.#node(column);
    return this.#column === column && this.#isDash() ? this.#list(column) : null;
  }

  /** The colon of the key that begins here; -1 when the line holds no key. */
  #keyEnd(): number {
    const text = this.#text;
    const first = text.charCodeAt(this.#at);
    if (first === DOUBLE || first === SINGLE) {
      const close = text.indexOf(first === DOUBLE ? '"' : "'", this.#at + 1);
      return close !== -1 && close < this.#end && this.#isColon(close + 1) ? close + 1 : -1;
    }
    // No search for the next colon: it may be far behind the line.
    for (let at = this.#at; at < this.#end; at++) if (text.charCodeAt(at) === COLON && this.#isColon(at)) return at;
    return -1;
  }

  #isColon(at: number): boolean {
    return (
      at < this.#end &&
      this.#text.charCodeAt(at) === COLON &&
      (at + 1 === this.#end || this.#text.charCodeAt(at + 1) === SPACE || this.#text.charCodeAt(at + 1) === TAB)
    );
  }

  #key(colon: number): string {
    const text = this.#text;
    const first = text.charCodeAt(this.#at);
    const quoted = first === DOUBLE || first === SINGLE;
    const key = quoted ? text.slice(this.#at + 1, colon - 1) : text.slice(this.#at, colon);
    if (quoted ? /["'\\]/.test(key) : OTHER_KINDS.has(first) || first === PIPE || first === FOLD || first === DASH) otherShape();
    if (key.length > 1000 || key === "__proto__" || key === "<<" || /^$|\t| #| $/.test(key)) otherShape();
    if (!quoted && typeof resolveGoScalar(key) !== "string") otherShape();
    return key;
  }

  #scalar(from: number, parent: number): unknown {
    const first = this.#text.charCodeAt(from);
    switch (first) {
      case PIPE:
      case FOLD:
        return this.#block(from, parent);
      case DOUBLE:
      case SINGLE:
        return this.#quoted(from, parent);
    }
    if (OTHER_KINDS.has(first)) return this.#emptyFlow(from);
    return this.#plain(from, parent);
  }

  #emptyFlow(from: number): unknown {
    const flow = this.#text.slice(from, Math.min(this.#end, from + 3));
    if (flow !== "{}" && flow !== "[]") otherShape();
    this.#line(this.#end + 1);
    return flow === "{}" ? {} : [];
  }

  /** Text without quotes, folded where it goes on in deeper lines. */
  #plain(from: number, parent: number): unknown {
    const text = this.#text;
    const first = text.charCodeAt(from);
    if ((first === DASH || first === COLON) && (from + 1 === this.#end || text.charCodeAt(from + 1) <= SPACE)) otherShape();
    let value = this.#plainLine(from);
    let start = this.#end + 1;
    for (;;) {
      let blank = 0;
      let at = start;
      // Blank lines count only when the text goes on behind them.
      for (; at < text.length; blank += 1) {
        let content = at;
        while (text.charCodeAt(content) === SPACE) content += 1;
        if (content < text.length && text.charCodeAt(content) !== 0x0a) {
          start = at;
          at = content;
          break;
        }
        at = content + 1;
      }
      if (at >= text.length || at - start <= parent) break;
      if (text.charCodeAt(at) === HASH) otherShape();
      const newline = text.indexOf("\n", at);
      this.#end = newline === -1 ? text.length : newline;
      value += (blank === 0 ? " " : "\n".repeat(blank)) + this.#plainLine(at);
      start = this.#end + 1;
    }
    this.#line(this.#end + 1);
    const result = resolveGoScalar(value);
    // Infinity and what is no number are refused by the other parser.
    if (typeof result === "number" && !Number.isFinite(result)) otherShape();
    return result;
  }

  #plainLine(from: number): string {
    const line = this.#text.slice(from, this.#end);
    if (line.includes(": ") || line.includes(" #") || line.includes("\t")) otherShape();
    const value = line.endsWith(" ") ? line.replace(/ +$/, "") : line;
    return value.endsWith(":") ? otherShape() : value;
  }

  #quoted(from: number, parent: number): unknown {
    const text = this.#text;
    const quote = text.charCodeAt(from) === DOUBLE ? '"' : "'";
    const close = quote === "'" ? closeOfSingle(text, from) : closeOfDouble(text, from);
    if (close === -1) otherShape();
    const raw = text.slice(from, close + 1);
    const lines = raw.includes("\n");
    if (lines) {
      // The lines that it goes on in have to be deeper than what they belong to.
      for (let newline = raw.indexOf("\n"); newline !== -1; newline = raw.indexOf("\n", newline + 1)) {
        const spaces = /[^ ]/.exec(raw.slice(newline + 1));
        if (spaces !== null && spaces[0] !== "\n" && spaces.index <= parent) otherShape();
      }
      const newline = text.indexOf("\n", close);
      this.#end = newline === -1 ? text.length : newline;
    }
    if (this.#afterSpaces(close + 1) !== this.#end) otherShape();
    this.#line(this.#end + 1);
    const inner = raw.slice(1, -1);
    const line = lines ? (inner.includes("\t") ? undefined : unfold(inner, quote === '"')) : inner;
    if (line === undefined) return this.#slow(raw);
    if (quote === "'") return line.replaceAll("''", "'");
    if (!line.includes("\\")) return line;
    const escapes = line.replaceAll("\\\\", "");
    if (JSON_ONLY.test(escapes)) this.#refuse("an escape that YAML 1.1 does not have", from);
    return /\\[^"\\bfnrt ]|\t/.test(escapes) ? this.#slow(raw) : unescaped(line);
  }

  /** Literal text line by line; folded text goes to the other parser as it stands. */
  #block(from: number, parent: number): unknown {
    const text = this.#text;
    const header = text.slice(from, this.#end);
    if (!/^[|>][-+]?$/.test(header)) otherShape();
    const start = this.#end + 1;
    let indent = -1;
    let trailing = 0;
    let at = start;
    /** Behind the last line with text. */
    let last = start - 1;
    /** A blank line is neither empty nor as deep as the text. */
    let ragged = false;
    while (at < text.length) {
      let content = at;
      while (text.charCodeAt(content) === SPACE) content += 1;
      const newline = text.indexOf("\n", content);
      const end = newline === -1 ? text.length : newline;
      const blank = content >= end;
      const column = content - at;
      // Blanks behind the last line feed are no line to some, and one to others.
      if (blank && newline === -1) otherShape();
      if (indent === -1) {
        if (blank) {
          // Blanks before the first line of text may mean more than they show.
          if (column > 0) otherShape();
        } else if (column > parent) {
          if (text.charCodeAt(content) === TAB) this.#refuse("a tab where the indentation is made", content);
          indent = column;
        } else break;
      } else if (!blank && column < indent) {
        if (column > parent) otherShape();
        break;
      }
      if (blank && (indent === -1 || column <= indent)) trailing += 1;
      else if (indent !== -1) {
        last = end;
        trailing = 1;
      }
      ragged ||= blank && column > 0 && column < indent;
      at = end + 1;
    }
    if (indent === -1) otherShape();
    const raw = header.startsWith(">") ? text.slice(from, Math.min(at, text.length)) : undefined;
    this.#line(at);
    if (raw !== undefined) return this.#slow(raw.endsWith("\n") ? raw : `${raw}\n`);
    const lines = text.slice(start - 1, last);
    const blanks = `\n${" ".repeat(indent)}`;
    const value = (ragged ? lines.replace(/\n +(?=\n)/g, (line) => (line.length <= indent ? "\n" : line)) : lines)
      .replaceAll(blanks, "\n")
      .slice(1);
    const chomp = header.charAt(1);
    return chomp === "-" ? value : value + (chomp === "+" ? "\n".repeat(trailing) : "\n");
  }

  #refuse(why: string, at: number): never {
    throw new YamlSyntaxError(why, this.#text.slice(0, at).split("\n").length);
  }

  #slow(scalar: string): unknown {
    try {
      return this.#slowly(scalar);
    } catch {
      return otherShape();
    }
  }
}
