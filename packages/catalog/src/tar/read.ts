import { CatalogError } from "../errors.ts";
import { ByteReader } from "./bytes.ts";

export type TarKind = "file" | "directory" | "symlink" | "hardlink" | "other";

/** One member of a tar file being read. */
export interface TarEntry {
  /** As written in the archive: may be absolute, hold `..` or control characters. See {@link layerPath}. */
  readonly path: string;
  readonly kind: TarKind;
  /** Bytes of content; 0 for everything but files. */
  readonly size: number;
  /** Target of a link, as written. */
  readonly link: string;
  readonly mode: number;
  /** Readable until the next entry is asked for; what is not read is skipped. */
  readonly content: AsyncIterable<Uint8Array>;
}

const BLOCK = 512;
/** Longest pax header or GNU long name: real ones hold a path or two and some attributes. */
const MAX_HEADER_BYTES = 1024 * 1024;

/**
 * Reads a tar stream in ustar, pax or GNU format, to its last byte. Members before the archive's end mark that cannot be
 * understood are an error: a layer that is cut or damaged must not pass for a smaller one.
 * @throws CatalogError `CATALOG_INVALID` naming the offset, `LIMIT_EXCEEDED` for oversized headers
 */
export async function* readTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const reader = new ByteReader(chunks);
  try {
    yield* entries(reader);
    await reader.drain();
  } finally {
    await reader.close();
  }
}

interface Extended {
  path?: string;
  link?: string;
  size?: number;
}

async function* entries(reader: ByteReader): AsyncGenerator<TarEntry> {
  const global: Extended = {};
  let next: Extended = {};
  let offset = 0;
  for (;;) {
    const block = Buffer.from(await reader.take(BLOCK));
    if (block.byteLength === 0 || (block.byteLength === BLOCK && isZero(block))) return;
    if (block.byteLength < BLOCK) throw invalid(offset, "it ends inside a header");
    offset += BLOCK;
    const type = checkedType(block, offset);
    const own = numberField(block, 124, 12, offset);
    if (type === "x" || type === "g" || type === "L" || type === "K") {
      const text = await headerText(reader, own, offset);
      offset += padded(own);
      if (type === "x") next = { ...next, ...paxFields(text, offset) };
      else if (type === "g") Object.assign(global, paxFields(text, offset));
      else if (type === "L") next.path = untilNul(text);
      else next.link = untilNul(text);
      continue;
    }
    const fields: Extended = { ...global, ...next };
    next = {};
    const kind = kindOf(type, fields.path ?? nameField(block));
    // Only files carry content; some writers leave a size on links and directories.
    const size = kind === "file" || kind === "other" ? (fields.size ?? own) : 0;
    const content = new Content(reader, size);
    yield {
      path: fields.path ?? nameField(block),
      kind,
      size: kind === "file" ? size : 0,
      link: fields.link ?? textField(block, 157, 100),
      mode: numberField(block, 100, 8, offset) & 0o7777,
      content,
    };
    await content.skip(offset);
    offset += padded(size);
  }
}

/** Content of one member; counts what was read so that the rest can be skipped. */
class Content implements AsyncIterable<Uint8Array> {
  readonly #reader: ByteReader;
  readonly #size: number;
  #left: number;

  constructor(reader: ByteReader, size: number) {
    this.#reader = reader;
    this.#size = size;
    this.#left = size;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#reader.stream(this.#left)) {
      this.#left -= chunk.byteLength;
      yield chunk;
    }
    if (this.#left > 0) throw invalid(0, `a member ends ${this.#left} bytes early`);
  }

  async skip(offset: number): Promise<void> {
    const whole = this.#left + padded(this.#size) - this.#size;
    let seen = 0;
    for await (const chunk of this.#reader.stream(whole)) seen += chunk.byteLength;
    if (seen < this.#left) throw invalid(offset, "it ends inside a member");
    this.#left = 0;
  }
}

async function headerText(reader: ByteReader, size: number, offset: number): Promise<Buffer> {
  if (size > MAX_HEADER_BYTES) {
    throw new CatalogError({
      code: "LIMIT_EXCEEDED",
      message: `Cannot read a layer: the header at byte ${offset} has ${size} bytes, at most ${MAX_HEADER_BYTES} are read`,
    });
  }
  const bytes = Buffer.from(await reader.take(padded(size)));
  if (bytes.byteLength < size) throw invalid(offset, "it ends inside a header");
  return bytes.subarray(0, size);
}

/** Records `LENGTH KEY=VALUE\n`; only the keys that change what is read are kept. */
function paxFields(bytes: Buffer, offset: number): Extended {
  const fields: Extended = {};
  for (let at = 0; at < bytes.byteLength; ) {
    const space = bytes.indexOf(0x20, at);
    const digits = space < 0 ? "" : bytes.toString("latin1", at, space);
    const length = /^\d{1,8}$/.test(digits) ? Number(digits) : 0;
    const record = bytes.toString("utf8", space + 1, at + length - 1);
    const equals = record.indexOf("=");
    if (length < digits.length + 3 || at + length > bytes.byteLength || equals < 1) throw invalid(offset, "a pax record is malformed");
    const value = record.slice(equals + 1);
    if (record.startsWith("path=")) fields.path = value;
    else if (record.startsWith("linkpath=")) fields.link = value;
    else if (record.startsWith("size=")) fields.size = paxSize(value, offset);
    at += length;
  }
  return fields;
}

function paxSize(text: string, offset: number): number {
  const size = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(size)) throw invalid(offset, "a pax size is no number");
  return size;
}

function checkedType(block: Buffer, offset: number): string {
  const claimed = numberField(block, 148, 8, offset);
  let sum = 0;
  for (let index = 0; index < BLOCK; index += 1) sum += index >= 148 && index < 156 ? 0x20 : (block[index] ?? 0);
  if (sum !== claimed) throw invalid(offset, "a header has a wrong checksum");
  return String.fromCharCode(block[156] ?? 0);
}

function kindOf(type: string, path: string): TarKind {
  if (type === "0" || type === "\0" || type === "7") return path.endsWith("/") ? "directory" : "file";
  if (type === "5") return "directory";
  if (type === "2") return "symlink";
  return type === "1" ? "hardlink" : "other";
}

function nameField(block: Buffer): string {
  const name = textField(block, 0, 100);
  // GNU keeps other things where ustar has the prefix; its magic is "ustar  ".
  const isUstar = block.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isUstar ? textField(block, 345, 155) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function textField(block: Buffer, at: number, length: number): string {
  return untilNul(block.subarray(at, at + length));
}

function untilNul(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end < 0 ? bytes.byteLength : end);
}

/** Octal text, or GNU's base 256 when the first bit is set. */
function numberField(block: Buffer, at: number, length: number, offset: number): number {
  const first = block[at] ?? 0;
  if ((first & 0x80) !== 0) {
    let value = first & 0x7f;
    for (let index = at + 1; index < at + length; index += 1) value = value * 256 + (block[index] ?? 0);
    if (first === 0xff || !Number.isSafeInteger(value)) throw invalid(offset, "a number in a header is out of range");
    return value;
  }
  const text = textField(block, at, length).trim();
  if (!/^[0-7]*$/.test(text)) throw invalid(offset, "a number in a header is not octal");
  return text === "" ? 0 : Number.parseInt(text, 8);
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

function isZero(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

function invalid(offset: number, why: string): CatalogError {
  return new CatalogError({
    code: "CATALOG_INVALID",
    message: `Cannot read a layer as a tar file: near byte ${offset}, ${why}`,
    hint: "Pull the image with another tool; if that fails too, its publisher has to build it again.",
  });
}
