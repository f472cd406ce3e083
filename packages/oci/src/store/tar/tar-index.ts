import { type FileHandle, open } from "node:fs/promises";
import { posix } from "node:path";
import { OciError } from "../../errors.ts";
import { diskError } from "../disk/errors.ts";
import { compressionOf } from "./compression.ts";
import { padded, readHeader, TAR_BLOCK, type TarHeader } from "./tar-header.ts";

/** A file inside a tar. */
export interface TarEntry {
  readonly offset: number;
  readonly size: number;
}

export interface TarIndexOptions {
  /** Entries to remember; the others are passed over. Default: all. */
  readonly keep?: (name: string) => boolean;
  readonly signal?: AbortSignal | undefined;
  /** What messages call the file, where it is an unpacked copy; its path when missing. */
  readonly shown?: string | undefined;
}

/** More entries than any image archive has. */
const MAX_ENTRIES = 2_000_000;

/** Names and records are small; a header that says otherwise is hostile. */
const MAX_RECORD = 1024 * 1024;

/**
 * Reads where each file lies in a tar, header by header, without reading the bodies. Names are normalised; absolute ones and
 * those that climb out are refused. Later entries replace earlier ones of the same name, as unpacking would.
 * @throws OciError `ARCHIVE_INVALID`, `UNSUPPORTED` for a compressed one, `NOT_FOUND`, `IO_FAILED`
 */
export async function indexTar(path: string, options: TarIndexOptions = {}): Promise<ReadonlyMap<string, TarEntry>> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    throw diskError(error, "open the archive", path);
  }
  try {
    return await new TarScan(file, options.shown ?? path, options).run();
  } catch (error) {
    throw diskError(error, "read the archive", path);
  } finally {
    await file.close();
  }
}

class TarScan {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #options: TarIndexOptions;
  readonly #entries = new Map<string, TarEntry>();
  readonly #links = new Map<string, string>();
  #window = Buffer.alloc(0);
  #windowStart = 0;

  constructor(file: FileHandle, path: string, options: TarIndexOptions) {
    this.#file = file;
    this.#path = path;
    this.#options = options;
  }

  async run(): Promise<ReadonlyMap<string, TarEntry>> {
    const { size: end } = await this.#file.stat();
    const compression = compressionOf(await this.#read(0, Math.min(end, TAR_BLOCK)));
    if (compression !== undefined) throw this.#compressed(compression);
    if (end < TAR_BLOCK) throw this.#invalid(`it has only ${end} bytes`);
    let position = 0;
    let overrides: { name?: string; size?: number; link?: string } = {};
    for (let count = 0; position + TAR_BLOCK <= end; count++) {
      this.#options.signal?.throwIfAborted();
      if (count > MAX_ENTRIES) throw this.#invalid(`it has more than ${MAX_ENTRIES} entries`);
      const header = this.#header(await this.#read(position, TAR_BLOCK), position);
      if (header === undefined) break;
      const body = position + TAR_BLOCK;
      if ("xgLK".includes(header.type)) {
        if (header.size > MAX_RECORD) throw this.#invalid(`the record at byte ${position} has ${header.size} bytes`);
        const record = await this.#read(body, header.size);
        if (header.type !== "g") overrides = { ...overrides, ...recordOf(header.type, record) };
        position = body + padded(header.size);
        continue;
      }
      const size = header.type === "0" || header.type === "7" ? (overrides.size ?? header.size) : 0;
      if (body + size > end) throw this.#invalid(`it ends inside ${JSON.stringify(overrides.name ?? header.name)}`);
      this.#note({ ...header, size, name: overrides.name ?? header.name, link: overrides.link ?? header.link }, body);
      overrides = {};
      position = body + padded(size);
    }
    for (const [name, target] of this.#links) this.#follow(name, target);
    return this.#entries;
  }

  #note(header: TarHeader, offset: number): void {
    const name = this.#safe(header.name);
    if (this.#options.keep?.(name) === false) return;
    if (header.type === "0" || header.type === "7") this.#entries.set(name, { offset, size: header.size });
    // docker save of old stores a layer that two images share once, and links to it.
    else if (header.type === "1") this.#links.set(name, header.link);
    else if (header.type === "2") this.#links.set(name, posix.join(posix.dirname(name), header.link));
  }

  #follow(name: string, target: string): void {
    const entry = this.#entries.get(posix.normalize(target));
    if (entry !== undefined && !this.#entries.has(name)) this.#entries.set(name, entry);
  }

  #safe(name: string): string {
    const normal = posix.normalize(name);
    if (normal.startsWith("/") || normal === ".." || normal.startsWith("../") || normal.includes("\0")) {
      throw this.#invalid(`the entry ${JSON.stringify(name)} lies outside of it`);
    }
    return normal;
  }

  #header(block: Uint8Array, position: number): TarHeader | undefined {
    const header = readHeader(block);
    if (typeof header !== "string") return header;
    throw this.#invalid(`there is no tar header at byte ${position}: ${header}`);
  }

  /** Reads ahead: headers of small entries lie close together. */
  async #read(position: number, length: number): Promise<Uint8Array> {
    const from = position - this.#windowStart;
    if (from < 0 || from + length > this.#window.byteLength) {
      const buffer = Buffer.allocUnsafe(Math.max(length, 64 * 1024));
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.byteLength, position);
      if (bytesRead < length) throw this.#invalid(`it ends at byte ${position + bytesRead}`);
      this.#window = buffer.subarray(0, bytesRead);
      this.#windowStart = position;
      return this.#window.subarray(0, length);
    }
    return this.#window.subarray(from, from + length);
  }

  #compressed(compression: string): OciError {
    return new OciError({
      code: "UNSUPPORTED",
      message: `Cannot read ${this.#path}: it is compressed with ${compression}`,
      subject: this.#path,
      hint: `Unpack it first: ${compression} -d`,
    });
  }

  #invalid(why: string): OciError {
    return new OciError({ code: "ARCHIVE_INVALID", message: `Cannot read archive ${this.#path}: ${why}`, subject: this.#path });
  }
}

function recordOf(type: string, record: Uint8Array): { name?: string; size?: number; link?: string } {
  if (type === "L") return { name: untilZero(record) };
  if (type === "K") return { link: untilZero(record) };
  const found: { name?: string; size?: number; link?: string } = {};
  let position = 0;
  while (position < record.byteLength) {
    const space = record.indexOf(0x20, position);
    const length = Number.parseInt(new TextDecoder().decode(record.subarray(position, space)), 10);
    if (space < 0 || !Number.isSafeInteger(length) || length <= 0) break;
    const [key, ...value] = new TextDecoder().decode(record.subarray(space + 1, position + length - 1)).split("=");
    if (key === "path") found.name = value.join("=");
    if (key === "linkpath") found.link = value.join("=");
    if (key === "size" && /^[0-9]+$/.test(value.join("="))) found.size = Number(value.join("="));
    position += length;
  }
  return found;
}

function untilZero(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
