import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { OciError } from "../../errors.ts";
import { diskError, errnoOf } from "../disk/errors.ts";
import { type Compression, fileCompression } from "./compression.ts";

/** Layers are compressed themselves, so that an archive grows little; layers of zeros grow a lot. Beyond this it is a bomb. */
const MAX_RATIO = 200;
const ALWAYS_ALLOWED_BYTES = 1024 * 1024 * 1024;

/**
 * Tars that were compressed, unpacked into one temporary folder as long as they are needed: content is read by its place, and
 * neither gzip nor zstd has places. Each file once, however many images of it are read.
 */
export class UnpackedTars implements AsyncDisposable {
  readonly #parent: string;
  readonly #plain = new Map<string, Promise<string>>();
  #folder: Promise<string> | undefined;

  /** @param parent where the folder is made (0700); the system's place for temporary files when missing */
  constructor(parent: string = tmpdir()) {
    this.#parent = parent;
  }

  /**
   * Path of the plain tar: the file itself where it is not compressed, or in a way that is not unpacked here (xz, bzip2).
   * @throws OciError `ARCHIVE_INVALID` for a damaged one, `TOO_LARGE`, `NO_SPACE`, `NOT_FOUND`, `IO_FAILED`, `ABORTED`
   */
  plain(path: string, signal?: AbortSignal): Promise<string> {
    const known = this.#plain.get(path);
    if (known !== undefined) return known;
    const started = this.#open(path, signal);
    this.#plain.set(path, started);
    return started;
  }

  /** Removes what was unpacked. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#plain.values());
    this.#plain.clear();
    const folder = await this.#folder?.catch(() => undefined);
    this.#folder = undefined;
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }

  async #open(path: string, signal: AbortSignal | undefined): Promise<string> {
    const name = `${this.#plain.size}.tar`;
    const compression = await fileCompression(path);
    if (compression !== "gzip" && compression !== "zstd") return path;
    this.#folder ??= mkdtemp(join(this.#parent, "skerry-unpacked-"));
    const to = join(await this.#folder.catch((error: unknown) => noRoom(error, this.#parent)), name);
    await unpack(path, { to, compression, signal }).catch(async (error: unknown) => {
      await rm(to, { force: true });
      throw error;
    });
    return to;
  }
}

interface Unpacking {
  readonly to: string;
  readonly compression: Compression;
  readonly signal: AbortSignal | undefined;
}

async function unpack(path: string, { to, compression, signal }: Unpacking): Promise<void> {
  const { size } = await stat(path);
  const most = Math.max(size * MAX_RATIO, ALWAYS_ALLOWED_BYTES);
  async function* bounded(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.byteLength;
      if (bytes > most) throw tooLarge(path, most);
      yield chunk;
    }
  }
  try {
    await pipeline(
      createReadStream(path, { highWaterMark: 1024 * 1024 }),
      compression === "gzip" ? createGunzip({ chunkSize: 256 * 1024 }) : createZstdDecompress({ chunkSize: 256 * 1024 }),
      bounded,
      createWriteStream(to, { flags: "wx", mode: 0o600 }),
      ...(signal === undefined ? [] : [{ signal }]),
    );
  } catch (error) {
    if (/^(?:Z_|ZSTD_|ERR_ZSTD)/.test(errnoOf(error) ?? "")) throw damaged(path, compression, error);
    throw noRoom(error, to);
  }
}

function damaged(path: string, compression: Compression, cause: unknown): OciError {
  return new OciError({
    code: "ARCHIVE_INVALID",
    message: `Cannot read archive ${path}: its ${compression} data is damaged or cut off`,
    subject: path,
    cause,
  });
}

function tooLarge(path: string, most: number): OciError {
  return new OciError({
    code: "TOO_LARGE",
    message: `Cannot read archive ${path}: unpacked it has more than ${most} bytes, ${MAX_RATIO} times its size`,
    subject: path,
    hint: "No honest archive of images grows like this. If you trust it, unpack it first.",
  });
}

function noRoom(cause: unknown, to: string): never {
  const error = diskError(cause, "unpack a compressed archive", to);
  throw error.code === "NO_SPACE"
    ? error.with({ hint: "Set TMPDIR to a folder with room for the whole of it, or unpack it first." })
    : error;
}
