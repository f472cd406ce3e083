/** Walks over JSON text without decoding it. Positions are offsets into the bytes; -1: the text ends too early. */

/** Deepest nesting of a document. */
export const MAX_DEPTH = 100;
/** Answer of {@link skipValue} for a value that is nested deeper than {@link MAX_DEPTH}. */
export const TOO_DEEP: number = -2;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;
/** Strings shorter than this are walked byte by byte: cheaper than a call into memchr. */
const SHORT_STRING = 48;

/** Behind the closing quote of the string that opens at `from`. */
export function skipString(bytes: Buffer, from: number, end: number): number {
  const short = Math.min(end, from + SHORT_STRING);
  let at = from + 1;
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

/** The next byte that is no blank; `end` when there is none. */
export function skipBlanks(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && (bytes[at] ?? 0) <= 0x20) at += 1;
  return at;
}

/** Behind the object or list that opens at `from`, by counting brackets and jumping over strings. */
export function skipValue(bytes: Buffer, from: number, end: number): number {
  let at = from;
  let depth = 0;
  while (at < end) {
    const byte = bytes[at] ?? 0;
    if (byte <= 0x20) {
      at += 1;
    } else if (byte === QUOTE) {
      at = skipString(bytes, at, end);
      if (at === -1) return -1;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
      if (depth > MAX_DEPTH) return TOO_DEEP;
      at += 1;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
      at += 1;
      if (depth === 0) return at;
    } else {
      at += 1;
    }
  }
  return -1;
}

/** One member at the top of an object. */
export interface MemberSpan {
  /** The key with its quotes. */
  readonly key: number;
  readonly keyEnd: number;
  readonly value: number;
  /** Behind the value; behind blanks and a comma too when the value was jumped over. */
  readonly valueEnd: number;
}

/** Members at the top of an object. */
export interface TopMembers {
  readonly members: readonly MemberSpan[];
  /** Line feed and indentation in front of each member, in pretty text. */
  readonly lineStart: string | undefined;
}

/**
 * Members at the top of the object in `[start, end)`; undefined when the text is not well formed. In `pretty` text (one
 * member a line, what is deeper is indented deeper) objects and lists are jumped over by looking for the next line that
 * is indented like the first member.
 */
export function topMembers(
  bytes: Buffer,
  span: { readonly start: number; readonly end: number; readonly pretty: boolean },
): TopMembers | undefined {
  const { start, end } = span;
  const members: MemberSpan[] = [];
  let at = skipBlanks(bytes, start + 1, end);
  if (bytes[at] === CLOSE_BRACE) return { members, lineStart: undefined };
  const lineStart = span.pretty ? bytes.toString("latin1", start + 1, at) : undefined;
  const nextMember = lineStart === undefined ? undefined : `${lineStart}"`;
  while (at < end) {
    if (bytes[at] !== QUOTE) return undefined;
    const key = at;
    const keyEnd = skipString(bytes, key, end);
    if (keyEnd === -1) return undefined;
    at = skipBlanks(bytes, keyEnd, end);
    if (bytes[at] !== COLON) return undefined;
    const value = skipBlanks(bytes, at + 1, end);
    const valueEnd = endOfMember(bytes, { value, end, nextMember });
    if (valueEnd < 0) return undefined;
    members.push({ key, keyEnd, value, valueEnd });
    at = skipBlanks(bytes, valueEnd, end);
    if (bytes[at] === COMMA) at = skipBlanks(bytes, at + 1, end);
    else if (at >= end - 1) return { members, lineStart };
  }
  return undefined;
}

function endOfMember(bytes: Buffer, at: { readonly value: number; readonly end: number; readonly nextMember: string | undefined }): number {
  const first = bytes[at.value];
  if (first === QUOTE) return skipString(bytes, at.value, at.end);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) {
    if (at.nextMember === undefined) return skipValue(bytes, at.value, at.end);
    const next = bytes.indexOf(at.nextMember, at.value, "latin1");
    return next === -1 || next >= at.end ? at.end - 1 : next;
  }
  let end = at.value;
  while (end < at.end && bytes[end] !== COMMA && bytes[end] !== CLOSE_BRACE && (bytes[end] ?? 0) > 0x20) end += 1;
  return end;
}

/** Line feeds in a range, four bytes at a time. */
export function countLines(bytes: Buffer, from: number, to: number): number {
  let lines = 0;
  let at = from;
  while (at < to && ((bytes.byteOffset + at) & 3) !== 0) {
    if (bytes[at] === 0x0a) lines += 1;
    at += 1;
  }
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, Math.max(0, to - at) >> 2);
  for (let i = 0; i < words.length; i++) {
    const x = (words[i] ?? 0) ^ 0x0a0a0a0a;
    // 0x80 in each byte of `x` that is zero.
    const zero = ~(((x & 0x7f7f7f7f) + 0x7f7f7f7f) | x | 0x7f7f7f7f);
    lines += Math.imul(zero >>> 7, 0x01010101) >>> 24;
  }
  for (at += words.length * 4; at < to; at++) if (bytes[at] === 0x0a) lines += 1;
  return lines;
}
