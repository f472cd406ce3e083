import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Descriptor } from "../../model/descriptor.ts";
import { type Digest, digestAlgorithm, digestHex, isDigest } from "../../model/digest.ts";
import type { Content } from "../content.ts";
import { readSmall } from "../small-content.ts";
import type { BlobWrite, ByteSource } from "../types.ts";
import { FolderSync, writeFileAtomic } from "./atomic-file.ts";
import { DiskBlobWrite } from "./blob-write.ts";
import { diskError, errnoOf } from "./errors.ts";
import { readFrom } from "./read-file.ts";

/** Content-addressed files `<algorithm>/<hex>` below one folder, with unfinished ones in another on the same file system. */
export class BlobFolder implements Content {
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

  async small(digest: Digest): Promise<Uint8Array> {
    const path = this.path(digest);
    const size = await this.size(digest);
    return readSmall(digest, size === undefined ? undefined : { where: path, size, read: () => readWhole(path, digest) });
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

  /**
   * Removes what a killed process left and nobody can continue: temporary files, and unfinished blobs that are complete by
   * now. Only for the one who holds the lock.
   */
  async sweep(): Promise<void> {
    const names = await readdir(this.#partial).catch(() => []);
    for (const name of names) {
      const digest = name.replace("-", ":");
      if (isDigest(digest) && (await this.size(digest)) === undefined) continue;
      await rm(join(this.#partial, name), { force: true });
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

/** A small file whole. */
export async function readWhole(path: string, what: string): Promise<Uint8Array> {
  return await readFile(path).catch((error: unknown) => {
    throw diskError(error, `read ${what}`, path);
  });
}
