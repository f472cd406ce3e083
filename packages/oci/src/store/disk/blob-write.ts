import { constants } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { OciError } from "../../errors.ts";
import { checkExpected, Hasher } from "../../hash.ts";
import type { Descriptor } from "../../model/descriptor.ts";
import { digestAlgorithm } from "../../model/digest.ts";
import type { BlobWrite } from "../types.ts";
import type { FolderSync } from "./atomic-file.ts";
import { BatchedFile } from "./batched-file.ts";
import { diskError } from "./errors.ts";

export interface DiskBlobOptions {
  readonly descriptor: Descriptor;
  /** Where it grows; stays there when parked. */
  readonly temporary: string;
  readonly final: string;
  /** Continue what an earlier write left in `temporary`. */
  readonly resumable: boolean;
  readonly sync: FolderSync;
  /** Called once, when the write has ended in any way. */
  readonly ended: () => void;
}

/** A blob that grows in a temporary file and becomes visible by a rename, hashed as it is written. */
export class DiskBlobWrite implements BlobWrite {
  readonly #options: DiskBlobOptions;
  readonly #file: FileHandle;
  readonly #out: BatchedFile;
  readonly #hasher: Hasher;
  #open = true;
  #ended = false;

  private constructor(options: DiskBlobOptions, file: FileHandle, hasher: Hasher) {
    this.#options = options;
    this.#file = file;
    this.#hasher = hasher;
    this.#out = new BatchedFile(file, hasher.size);
  }

  /** Opens the temporary file and hashes what is there already: the state of a hash cannot be saved. */
  static async open(options: DiskBlobOptions): Promise<DiskBlobWrite> {
    const { O_RDWR, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
    const file = await open(options.temporary, O_RDWR | O_CREAT | O_NOFOLLOW | (options.resumable ? 0 : O_TRUNC), 0o644);
    try {
      return new DiskBlobWrite(options, file, await rehash(file, options.descriptor));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get offset(): number {
    return this.#out.size;
  }

  async append(body: AsyncIterable<Uint8Array>): Promise<void> {
    const { digest, size } = this.#options.descriptor;
    try {
      for await (const chunk of body) {
        if (this.#out.size + chunk.byteLength > size) {
          throw new OciError({
            code: "SIZE_MISMATCH",
            message: `Content of ${digest} has the wrong length: expected ${size} bytes, received more`,
            subject: digest,
          });
        }
        this.#hasher.update(chunk);
        const wait = this.#out.write(chunk);
        if (wait !== undefined) await wait.catch((error: unknown) => this.#failed(error));
      }
    } finally {
      await this.#out.flush().catch((error: unknown) => this.#failed(error));
    }
  }

  async commit(): Promise<void> {
    const { descriptor, temporary, final, sync } = this.#options;
    let renamed = false;
    try {
      checkExpected(this.#hasher, descriptor);
      await this.#file.datasync();
      await this.#close();
      await rename(temporary, final);
      renamed = true;
      this.#end();
      await sync.sync();
    } catch (error) {
      if (!renamed) await this.drop();
      throw diskError(error, `finish blob ${descriptor.digest}`, final);
    }
  }

  async park(): Promise<void> {
    if (!this.#options.resumable || this.offset === 0) return this.drop();
    await this.#close();
    this.#end();
  }

  async drop(): Promise<void> {
    if (this.#ended) return;
    await this.#close();
    await rm(this.#options.temporary, { force: true });
    this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.ended();
  }

  async #close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#file.close();
  }

  #failed(error: unknown): never {
    throw diskError(error, `write blob ${this.#options.descriptor.digest}`, this.#options.temporary);
  }
}

async function rehash(file: FileHandle, descriptor: Descriptor): Promise<Hasher> {
  const hasher = new Hasher(digestAlgorithm(descriptor.digest));
  const { size } = await file.stat();
  if (size > descriptor.size) {
    await file.truncate(0);
    return hasher;
  }
  const buffer = Buffer.allocUnsafe(Math.min(size, 1024 * 1024));
  while (hasher.size < size) {
    const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, hasher.size);
    if (bytesRead === 0) break;
    hasher.update(buffer.subarray(0, bytesRead));
  }
  return hasher;
}
