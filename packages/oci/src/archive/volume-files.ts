import { constants } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { OciError } from "../errors.ts";
import { diskError, errnoOf } from "../store/disk/errors.ts";
import { volumeOf } from "./cutter.ts";
import { volumeName } from "./volume-name.ts";

/**
 * Bytes after which what was written so far begins to go to the disk, beside the writing: a volume that is complete would else
 * wait for all of it at once, minutes on a slow stick.
 */
const SYNC_BYTES = 64 * 1024 * 1024;

/** How much of a volume may still be in memory only. */
interface Unsynced {
  bytes: number;
  running: Promise<void> | undefined;
  /** A disk tells a lost write once, to whoever asks first. */
  failure: unknown;
}

/** The files of an archive that is being written, addressed by positions of the logical tar. */
export class VolumeFiles {
  readonly #dir: string;
  readonly #archive: string;
  readonly #starts: readonly number[];
  readonly #open = new Map<number, Promise<FileHandle>>();
  readonly #unsynced = new Map<number, Unsynced>();
  readonly #onFull: (failure: OciError) => void;

  /**
   * @param starts where each volume begins; may grow
   * @param onFull told when the disk takes no more, before the write that found out fails
   */
  constructor(dir: string, archive: string, starts: readonly number[], onFull: (failure: OciError) => void = () => undefined) {
    this.#onFull = onFull;
    this.#dir = dir;
    this.#archive = archive;
    this.#starts = starts;
  }

  name(index: number): string {
    return volumeName(this.#archive, index);
  }

  path(index: number): string {
    return join(this.#dir, this.name(index));
  }

  /** Writes chunks from a position on, across volumes where they end. */
  async write(position: number, chunks: readonly Uint8Array[]): Promise<void> {
    let at = position;
    let rest = chunks;
    while (rest.length > 0) {
      const index = volumeOf(this.#starts, at);
      const room = (this.#starts[index + 1] ?? Number.MAX_SAFE_INTEGER) - at;
      const [here, there] = split(rest, room);
      await this.#writeTo(index, at - (this.#starts[index] ?? 0), here);
      at += here.reduce((sum, chunk) => sum + chunk.byteLength, 0);
      rest = there;
    }
  }

  /** Reads up to `length` bytes from a position, within one volume; fewer at its end. */
  async read(position: number, length: number): Promise<Uint8Array> {
    const index = volumeOf(this.#starts, position);
    const room = (this.#starts[index + 1] ?? Number.MAX_SAFE_INTEGER) - position;
    const buffer = Buffer.allocUnsafe(Math.min(length, room));
    try {
      const file = await this.#file(index);
      const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, position - (this.#starts[index] ?? 0));
      return buffer.subarray(0, bytesRead);
    } catch (error) {
      throw diskError(error, "read the archive", this.path(index));
    }
  }

  /** Bytes of a volume's file; undefined when it is not there. */
  async size(index: number): Promise<number | undefined> {
    try {
      const file = await open(this.path(index), "r");
      try {
        return (await file.stat()).size;
      } finally {
        await file.close();
      }
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return undefined;
      throw diskError(error, "look at the archive", this.path(index));
    }
  }

  /** Gives a volume its length: room that was never written reads as zeros. */
  async truncate(index: number, bytes: number): Promise<void> {
    await this.#guard(index, (file) => file.truncate(bytes));
  }

  /** Makes a volume durable and closes its file. */
  async finish(index: number): Promise<void> {
    await this.#guard(index, async (file) => {
      const unsynced = this.#unsynced.get(index);
      await unsynced?.running;
      await file.datasync();
      if (unsynced?.failure !== undefined) throw unsynced.failure;
    });
    await this.close(index);
  }

  async close(index: number): Promise<void> {
    const file = this.#open.get(index);
    this.#open.delete(index);
    await this.#unsynced.get(index)?.running;
    this.#unsynced.delete(index);
    await (await file)?.close();
  }

  async closeAll(): Promise<void> {
    for (const index of [...this.#open.keys()]) await this.close(index).catch(() => undefined);
  }

  async remove(index: number): Promise<void> {
    await this.close(index);
    await rm(this.path(index), { force: true });
  }

  async #writeTo(index: number, offset: number, chunks: readonly Uint8Array[]): Promise<void> {
    await this.#guard(index, async (file) => {
      let at = offset;
      let rest = chunks;
      while (rest.length > 0) {
        const { bytesWritten } = await file.writev(rest, at);
        at += bytesWritten;
        rest = split(rest, bytesWritten)[1];
      }
      this.#syncBehind(index, file, at - offset);
    });
  }

  #syncBehind(index: number, file: FileHandle, bytes: number): void {
    const unsynced = this.#unsynced.get(index) ?? { bytes: 0, running: undefined, failure: undefined };
    this.#unsynced.set(index, unsynced);
    unsynced.bytes += bytes;
    if (unsynced.running !== undefined || unsynced.bytes < SYNC_BYTES) return;
    unsynced.bytes = 0;
    unsynced.running = file
      .datasync()
      .catch((error: unknown) => {
        unsynced.failure ??= error;
      })
      .finally(() => {
        unsynced.running = undefined;
      });
  }

  async #guard(index: number, task: (file: FileHandle) => Promise<void>): Promise<void> {
    try {
      await task(await this.#file(index));
    } catch (error) {
      const failure = diskError(error, "write the archive", this.path(index));
      if (failure.code === "NO_SPACE") this.#onFull(failure);
      throw failure;
    }
  }

  #file(index: number): Promise<FileHandle> {
    const known = this.#open.get(index);
    if (known !== undefined) return known;
    const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
    const opened = open(this.path(index), O_RDWR | O_CREAT | O_NOFOLLOW, 0o644);
    this.#open.set(index, opened);
    opened.catch(() => this.#open.delete(index));
    return opened;
  }
}

/** The first `bytes` bytes of chunks, and the rest. */
function split(chunks: readonly Uint8Array[], bytes: number): readonly [Uint8Array[], Uint8Array[]] {
  const here: Uint8Array[] = [];
  let left = bytes;
  for (const [index, chunk] of chunks.entries()) {
    if (chunk.byteLength > left) {
      if (left > 0) here.push(chunk.subarray(0, left));
      return [here, [chunk.subarray(left), ...chunks.slice(index + 1)]];
    }
    here.push(chunk);
    left -= chunk.byteLength;
  }
  return [here, []];
}
