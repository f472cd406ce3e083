import { CatalogError } from "../errors.ts";
import type { SourceHandle } from "./source-files.ts";

/** Deepest nesting of a document. */
export const MAX_DEPTH = 100;
/** Largest document, in bytes. */
export const MAX_DOCUMENT_BYTES: number = 64 * 1024 * 1024;

const CHUNK = 1 << 20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;
const NEWLINE = 0x0a;
/** Strings shorter than this are walked byte by byte: cheaper than a call into memchr. */
const SHORT_STRING = 48;

/**
 * The outer shape of one JSON object. All positions are offsets into {@link bytes}, which is the scanner's own window
 * and valid only until the next document is asked for.
 */
export interface JsonShape {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  /** Offset of the document in its file. */
  readonly offset: number;
  /** First line of the document in its file, from 1. */
  readonly line: number;
  /** Of each member at the top: start and end of the key's string (quotes included), start and end of the value. */
  readonly members: readonly number[];
  /** Start and end of every object that is an element of an array at the top. */
  readonly elements: readonly number[];
}

/** What follows in the stream. */
export type NextJson =
  | { readonly kind: "object"; readonly shape: JsonShape }
  | { readonly kind: "end" }
  | { readonly kind: "other"; readonly offset: number; readonly line: number }
  | { readonly kind: "unfinished"; readonly offset: number; readonly line: number };

/**
 * Cuts concatenated JSON objects out of a file without parsing them: counts braces, jumps over strings with memchr, and
 * notes where the members at the top begin and end. Memory is one window that grows only to the largest document.
 */
export class JsonScanner {
  readonly #handle: SourceHandle;
  readonly #name: string;
  #window: Buffer = Buffer.allocUnsafe(CHUNK);
  /** File offset of the first byte of the window. */
  #base = 0;
  /** Bytes in the window. */
  #filled = 0;
  #at = 0;
  #line = 1;
  #ended = false;

  constructor(handle: SourceHandle, name: string) {
    this.#handle = handle;
    this.#name = name;
  }

  /** Starts anew on another file with the same window. */
  restart(at: { readonly offset: number; readonly line: number }): void {
    this.#base = at.offset;
    this.#filled = 0;
    this.#at = 0;
    this.#line = at.line;
    this.#ended = false;
  }

  /** Moves what begins at `keep` to the front of the window and reads more. False at the end of the file. */
  async #more(keep: number): Promise<boolean> {
    if (this.#ended) return false;
    if (keep > 0) {
      this.#window.copyWithin(0, keep, this.#filled);
      this.#base += keep;
      this.#filled -= keep;
      this.#at -= keep;
    }
    if (this.#filled === this.#window.length) {
      const bigger = Buffer.allocUnsafe(this.#window.length * 2);
      this.#window.copy(bigger, 0, 0, this.#filled);
      this.#window = bigger;
    }
    const room = this.#window.subarray(this.#filled, Math.min(this.#window.length, this.#filled + CHUNK));
    const read = await this.#handle.read(room, this.#base + this.#filled);
    this.#filled += read;
    if (read < room.length) this.#ended = true;
    return read > 0;
  }

  /**
   * The next object of the stream.
   *
   * @throws CatalogError LIMIT_EXCEEDED for a document that is too large or too deep.
   */
  async next(): Promise<NextJson> {
    for (;;) {
      while (this.#at < this.#filled) {
        const byte = this.#window[this.#at] ?? 0;
        if (byte === NEWLINE) this.#line += 1;
        else if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09) {
          if (byte === OPEN_BRACE) return this.#object();
          return { kind: "other", offset: this.#base + this.#at, line: this.#line };
        }
        this.#at += 1;
      }
      if (!(await this.#more(this.#at))) return { kind: "end" };
    }
  }

  async #object(): Promise<NextJson> {
    const line = this.#line;
    let start = this.#at;
    const state: ScanState = {
      at: start,
      depth: 0,
      lines: 0,
      inString: 0,
      expectKey: false,
      inArray: false,
      members: [],
      elements: [],
      tooDeep: false,
    };
    for (;;) {
      const done = scan(this.#window, this.#filled, state);
      if (state.tooDeep) throw this.#limit(line, `is nested deeper than ${MAX_DEPTH} levels`);
      if (done) break;
      if (state.at - start > MAX_DOCUMENT_BYTES) throw this.#limit(line, `is larger than ${MAX_DOCUMENT_BYTES} bytes`);
      const moved = start;
      const offset = this.#base + start;
      this.#at = start;
      if (!(await this.#more(start))) return { kind: "unfinished", offset, line };
      start = 0;
      if (moved > 0) shift(state, moved);
    }
    this.#at = state.at;
    this.#line += state.lines;
    return {
      kind: "object",
      shape: {
        bytes: this.#window,
        start,
        end: state.at,
        offset: this.#base + start,
        line,
        members: state.members,
        elements: state.elements,
      },
    };
  }

  #limit(line: number, what: string): CatalogError {
    return new CatalogError({
      code: "LIMIT_EXCEEDED",
      message: `Cannot read ${this.#name}:${line}: the document ${what}`,
      subject: `${this.#name}:${line}`,
      hint: "Have the publisher split the document, or exclude the file with .indexignore.",
    });
  }
}

interface ScanState {
  at: number;
  depth: number;
  lines: number;
  /** 0 outside, 1 inside a string, 2 behind a backslash at the edge of the window. */
  inString: 0 | 1 | 2;
  /** At the top level: the next string is a key. */
  expectKey: boolean;
  /** The value at the top level that is open is an array. */
  inArray: boolean;
  readonly members: number[];
  readonly elements: number[];
  tooDeep: boolean;
}

function shift(state: ScanState, by: number): void {
  state.at -= by;
  for (const list of [state.members, state.elements]) {
    for (let i = 0; i < list.length; i++) {
      const position = list[i] ?? -1;
      if (position !== -1) list[i] = position - by;
    }
  }
}

/** Behind the closing quote, or -1 when the window ends before it. `at` stands behind the opening quote. */
function skipString(bytes: Buffer, from: number, end: number): number {
  const short = Math.min(end, from + SHORT_STRING);
  let at = from;
  while (at < short) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    at += byte === BACKSLASH ? 2 : 1;
  }
  for (;;) {
    const quote = bytes.indexOf(QUOTE, at);
    if (quote === -1 || quote >= end) return -1;
    let back = quote - 1;
    while (back >= at && bytes[back] === BACKSLASH) back -= 1;
    if (((quote - 1 - back) & 1) === 0) return quote + 1;
    at = quote + 1;
  }
}

/** Runs to the end of the object; true when it was reached. What is left open stays in `state` for the next window. */
function scan(bytes: Buffer, end: number, state: ScanState): boolean {
  let at = state.at;
  let depth = state.depth;
  let lines = state.lines;
  while (at < end) {
    const byte = bytes[at] ?? 0;
    if (byte <= 0x20) {
      if (byte === NEWLINE) lines += 1;
      at += 1;
    } else if (byte === QUOTE) {
      const behind = skipString(bytes, at + 1, end);
      // The string is cut by the window: come back to its opening quote when there is more.
      if (behind === -1 || behind > end) break;
      if (depth === 1 && state.expectKey) {
        state.members.push(at, behind, -1, -1);
        state.expectKey = false;
      }
      at = behind;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
      if (depth <= 3) opened(state, byte, depth, at);
      else if (depth > MAX_DEPTH) {
        state.tooDeep = true;
        break;
      }
      at += 1;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
      at += 1;
      if (depth <= 2) {
        if (depth === 2) {
          if (state.inArray && byte === CLOSE_BRACE) state.elements.push(at);
        } else if (depth === 0) {
          closeValue(state, at - 1);
          state.at = at;
          state.depth = 0;
          state.lines = lines;
          return true;
        }
      }
    } else {
      if (depth === 1) {
        if (byte === COLON) openValue(state, at + 1);
        else if (byte === COMMA) {
          closeValue(state, at);
          state.expectKey = true;
        }
      }
      at += 1;
    }
  }
  state.at = at;
  state.depth = depth;
  state.lines = lines;
  return false;
}

function opened(state: ScanState, byte: number, depth: number, at: number): void {
  if (depth === 1) state.expectKey = true;
  else if (depth === 2) state.inArray = byte === OPEN_BRACKET;
  else if (state.inArray && byte === OPEN_BRACE) state.elements.push(at);
}

function openValue(state: ScanState, at: number): void {
  const last = state.members.length - 2;
  if (last >= 0 && state.members[last] === -1) state.members[last] = at;
}

function closeValue(state: ScanState, at: number): void {
  const last = state.members.length - 1;
  if (last >= 0 && state.members[last] === -1) state.members[last] = at;
}
