import { createReadStream } from "node:fs";
import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { OciError } from "../../errors.ts";
import { digestOf } from "../../hash.ts";
import type { Descriptor } from "../../model/descriptor.ts";
import { type Digest, digestAlgorithm, digestHex } from "../../model/digest.ts";
import { MAX_MANIFEST_BYTES } from "../../model/manifest.ts";
import type { BlobWrite, ByteSource, IoOptions } from "../types.ts";
import { FolderSync, writeFileAtomic } from "./atomic-file.ts";
import { DiskBlobWrite } from "./blob-write.ts";
import { diskError, errnoOf } from "./errors.ts";

/** Content-addressed files `<algorithm>/<hex>` below one folder, with unfinished ones in another on the same file system. */
export class BlobFolder {
  readonly #blobs: string;
  readonly #partial: string;
  readonly #syncs = new Map<string, FolderSync>();
  readonly #writing = new Set<string>();
  #serial = 0;

  constructor(blobs: string, partial: string) {
    this.#blobs = blobs;
    this.#partial = partial;
  }

  path(digest: Digest): string {
    return join(this.#blobs, digestAlgorithm(digest), digestHex(digest));
  }

  /** Size in bytes, or undefined when it is not there. */
  async size(digest: Digest): Promise<number | undefined> {
    try {
      const found = await stat(this.path(digest));
      return found.isFile() ? found.size : undefined;
    } catch (error) {
      if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
      throw diskError(error, `look for ${digest}`, this.path(digest));
    }
  }

  source(descriptor: Pick<Descriptor, "digest" | "size">): ByteSource {
    const path = this.path(descriptor.digest);
    return { size: descriptor.size, open: (offset, options) => readFrom(path, { offset, ...options }) };
  }

  /**
   * Small content whole, verified.
   * @throws OciError `NOT_FOUND`, `MANIFEST_TOO_LARGE`, `DIGEST_MISMATCH`
   */
  async small(digest: Digest): Promise<Uint8Array> {
    const path = this.path(digest);
    const size = await this.size(digest);
    if (size === undefined)
      throw new OciError({ code: "NOT_FOUND", message: `Cannot read ${digest}: ${path} does not exist`, subject: digest });
    if (size > MAX_MANIFEST_BYTES) {
      throw new OciError({
        code: "MANIFEST_TOO_LARGE",
        message: `Cannot read manifest ${digest}: it has ${size} bytes, at most ${MAX_MANIFEST_BYTES} are read`,
        subject: digest,
      });
    }
    const bytes = await readFile(path).catch((error: unknown) => {
      throw diskError(error, `read ${digest}`, path);
    });
    const got = digestOf(bytes, digestAlgorithm(digest));
    if (got === digest) return bytes;
    throw new OciError({
      code: "DIGEST_MISMATCH",
      message: `Content of ${digest} is damaged: ${path} hashes to ${got}`,
      subject: digest,
      hint: `Remove ${path} and copy it again.`,
    });
  }

  /** Writes small content whole; the caller has verified it. */
  async putSmall(digest: Digest, bytes: Uint8Array): Promise<void> {
    const path = this.path(digest);
    try {
      await this.#folders(digest);
      await writeFileAtomic(path, bytes, { folder: this.#partial });
    } catch (error) {
      throw diskError(error, `write ${digest}`, path);
    }
  }

  /** Starts or continues a blob. Of several writers of one blob the first may continue a parked one, the others start anew. */
  async begin(descriptor: Descriptor): Promise<BlobWrite> {
    const { digest } = descriptor;
    const final = this.path(digest);
    const plain = join(this.#partial, `${digestAlgorithm(digest)}-${digestHex(digest)}`);
    const first = !this.#writing.has(plain);
    const temporary = first ? plain : `${plain}.${++this.#serial}`;
    this.#writing.add(temporary);
    try {
      await this.#folders(digest);
      const sync = this.#sync(join(this.#blobs, digestAlgorithm(digest)));
      return await DiskBlobWrite.open({
        descriptor,
        temporary,
        final,
        resumable: first,
        sync,
        ended: () => this.#writing.delete(temporary),
      });
    } catch (error) {
      this.#writing.delete(temporary);
      throw diskError(error, `write blob ${digest}`, temporary);
    }
  }

  #sync(folder: string): FolderSync {
    const known = this.#syncs.get(folder);
    if (known !== undefined) return known;
    const made = new FolderSync(folder);
    this.#syncs.set(folder, made);
    return made;
  }

  async #folders(digest: Digest): Promise<void> {
    await mkdir(join(this.#blobs, digestAlgorithm(digest)), { recursive: true });
    await mkdir(this.#partial, { recursive: true, mode: 0o700 });
  }
}

/** Chunks of a file from an offset, or only `length` bytes of them. Large reads: each costs a trip through the thread pool. */
export async function* readFrom(
  path: string,
  options: IoOptions & { readonly offset: number; readonly length?: number },
): AsyncGenerator<Uint8Array> {
  const { offset, length, signal } = options;
  if (length === 0) return;
  const end = length === undefined ? {} : { end: offset + length - 1 };
  const stream = createReadStream(path, { start: offset, ...end, highWaterMark: 1024 * 1024, ...(signal === undefined ? {} : { signal }) });
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (error) {
    throw diskError(error, "read", path);
  } finally {
    stream.destroy();
  }
}
