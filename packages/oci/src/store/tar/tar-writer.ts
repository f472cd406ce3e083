import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFolder } from "../disk/atomic-file.ts";
import { BatchedFile } from "../disk/batched-file.ts";
import { diskError } from "../disk/errors.ts";
import { type FileLock, takeLock } from "../disk/lock-file.ts";
import { padded, TAR_BLOCK, tarHeader } from "./tar-header.ts";

/** An entry that is being written; the next one waits until it has ended. */
export interface TarBody {
  append(chunk: Uint8Array): Promise<void> | undefined;
  /** Ends the entry. Its body must have the promised size. */
  end(): Promise<void>;
  /** Cuts the entry off as if it had never been begun. */
  cut(): Promise<void>;
}

/**
 * A tar that is written once, entry after entry, under a temporary name; it appears under its own when it is complete. One
 * process at a time writes to a name; what a killed one left is written over.
 */
export class TarWriter {
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: FileHandle;
  readonly #lock: FileLock;
  #position = 0;
  #last: Promise<void> = Promise.resolve();

  private constructor(path: string, file: FileHandle, lock: FileLock) {
    this.#path = path;
    this.#temporary = temporaryOf(path);
    this.#file = file;
    this.#lock = lock;
  }

  /** @throws OciError `BUSY` naming the process that writes to the same name, `IO_FAILED` */
  static async create(path: string): Promise<TarWriter> {
    const lock = await takeLock(`${path}.lock`, { subject: `archive ${path}` });
    try {
      return new TarWriter(path, await open(temporaryOf(path), "w", 0o644), lock);
    } catch (error) {
      await lock.release();
      throw diskError(error, "write the archive", path);
    }
  }

  /** Begins an entry when all earlier ones have ended. */
  async begin(entry: { readonly name: string; readonly size: number; readonly folder?: boolean }): Promise<TarBody> {
    const turn = Promise.withResolvers<void>();
    const before = this.#last;
    this.#last = turn.promise;
    await before;
    const start = this.#position;
    const out = new BatchedFile(this.#file, start);
    let open = true;
    const finish = (position: number): void => {
      this.#position = position;
      open = false;
      turn.resolve();
    };
    void out.write(tarHeader(entry));
    return {
      append: (chunk) => out.write(chunk)?.catch((error: unknown) => this.#failed(error)),
      end: async () => {
        const end = start + TAR_BLOCK + padded(entry.size);
        if (out.size < end) void out.write(new Uint8Array(end - out.size));
        await this.#guard(() => out.flush());
        finish(end);
      },
      cut: async () => {
        if (!open) return;
        finish(start);
        await this.#guard(() => this.#file.truncate(start));
      },
    };
  }

  /** Writes a small file whole. */
  async file(name: string, bytes: Uint8Array): Promise<void> {
    const body = await this.begin({ name, size: bytes.byteLength });
    await body.append(bytes);
    await body.end();
  }

  /** Writes a folder's entry. */
  async folder(name: string): Promise<void> {
    await (await this.begin({ name, size: 0, folder: true })).end();
  }

  /** Writes the end mark and gives the archive its name. */
  async close(): Promise<void> {
    await this.#last;
    await this.#guard(async () => {
      await this.#file.truncate(this.#position + 2 * TAR_BLOCK);
      await this.#file.datasync();
      await this.#file.close();
      await rename(this.#temporary, this.#path);
      await syncFolder(dirname(this.#path));
      await this.#lock.release();
    });
  }

  /** Leaves nothing. */
  async discard(): Promise<void> {
    await this.#file.close().catch(() => undefined);
    await rm(this.#temporary, { force: true });
    await this.#lock.release();
  }

  async #guard(task: () => Promise<void>): Promise<void> {
    await task().catch((error: unknown) => this.#failed(error));
  }

  #failed(error: unknown): never {
    throw diskError(error, "write the archive", this.#path);
  }
}

function temporaryOf(path: string): string {
  return `${path}.partial`;
}
