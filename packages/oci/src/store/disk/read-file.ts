import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { OciError } from "../../errors.ts";
import type { IoOptions } from "../types.ts";
import { diskError } from "./errors.ts";

/** Bytes per read: each costs a trip through the thread pool, and each reader holds two. */
const READ_BYTES = 512 * 1024;

/** A part of a file. */
export interface FilePart extends IoOptions {
  readonly offset: number;
  /** To the end when missing. */
  readonly length?: number;
}

/**
 * Chunks of a file from an offset; fewer bytes than `length` where the file ends before.
 * @throws OciError `NOT_FOUND`, `IO_FAILED`, `ABORTED`
 */
export function readFrom(path: string, part: FilePart): AsyncGenerator<Uint8Array> {
  return new SharedFile(path).read(part);
}

/**
 * SHA-256 of the first `length` bytes of a file, in hexadecimal. Two buffers take turns: one is read into while the other is
 * hashed, and nothing is left to the collector.
 * @throws OciError `NOT_FOUND`, `IO_FAILED`, `ABORTED`
 */
export async function hashFile(path: string, length: number, options: IoOptions = {}): Promise<string> {
  const hash = createHash("sha256");
  try {
    await using file = await open(path);
    const buffers = [Buffer.allocUnsafe(READ_BYTES), Buffer.allocUnsafe(READ_BYTES)] as const;
    let position = 0;
    let reading = file.read(buffers[0], 0, Math.min(READ_BYTES, length), 0);
    for (let turn = 0; ; turn++) {
      const { bytesRead, buffer } = await reading;
      position += bytesRead;
      if (options.signal?.aborted === true) throw stopped(options.signal.reason);
      const isLast = bytesRead === 0 || position >= length;
      if (!isLast) reading = file.read(buffers[turn % 2 === 0 ? 1 : 0], 0, Math.min(READ_BYTES, length - position), position);
      hash.update(buffer.subarray(0, bytesRead));
      if (isLast) return hash.digest("hex");
    }
  } catch (error) {
    throw diskError(error, "read", path);
  }
}

/**
 * A file of which many parts are read, several at a time. It is open while somebody reads: hundreds of small parts cost one
 * opening, and when nobody reads nothing is left open.
 */
export class SharedFile {
  readonly #path: string;
  readonly #check: () => Promise<void>;
  #handle: Promise<FileHandle> | undefined;
  #readers = 0;

  /** @param check looks at the path before each opening, and throws an OciError where it must not be read */
  constructor(path: string, check: () => Promise<void> = () => Promise.resolve()) {
    this.#path = path;
    this.#check = check;
  }

  /**
   * Chunks of a part, read one ahead of who takes them.
   * @throws OciError `NOT_FOUND`, `IO_FAILED`, `ABORTED`
   */
  async *read(part: FilePart): AsyncGenerator<Uint8Array> {
    if (part.length === 0) return;
    this.#readers += 1;
    this.#handle ??= this.#open();
    const opened = this.#handle;
    try {
      yield* chunksOf(await opened, part);
    } catch (error) {
      throw diskError(error, "read", this.#path);
    } finally {
      await this.#left(opened);
    }
  }

  async #open(): Promise<FileHandle> {
    await this.#check();
    return await open(this.#path);
  }

  async #left(opened: Promise<FileHandle>): Promise<void> {
    this.#readers -= 1;
    if (this.#readers > 0) return;
    this.#handle = undefined;
    await opened.then(
      (handle) => handle.close(),
      () => undefined,
    );
  }
}

async function* chunksOf(file: FileHandle, { offset, length, signal }: FilePart): AsyncGenerator<Uint8Array> {
  let position = offset;
  let left = length ?? Number.POSITIVE_INFINITY;
  let ahead: Promise<Uint8Array> | undefined;
  const next = (): Promise<Uint8Array> => {
    const reading = readChunk(file, position, Math.min(left, READ_BYTES));
    // Whoever takes it sees the failure; until then it is nobody's.
    reading.catch(() => undefined);
    return reading;
  };
  try {
    while (left > 0) {
      if (signal?.aborted === true) throw stopped(signal.reason);
      const chunk = await (ahead ?? next());
      if (chunk.byteLength === 0) return;
      position += chunk.byteLength;
      left -= chunk.byteLength;
      ahead = left > 0 ? next() : undefined;
      yield chunk;
    }
  } finally {
    // The file is closed next.
    await ahead?.catch(() => undefined);
  }
}

async function readChunk(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return bytesRead === length ? buffer : buffer.subarray(0, bytesRead);
}

function stopped(cause: unknown): OciError {
  return new OciError({ code: "ABORTED", message: "Stopped before it could read", cause });
}
