import { mkdir, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Descriptor } from "../../model/descriptor.ts";
import { type Digest, digestHex } from "../../model/digest.ts";
import { readSmall } from "../small-content.ts";
import type { BlobWrite, ByteSource } from "../types.ts";
import { FolderSync } from "./atomic-file.ts";
import { readWhole } from "./blob-folder.ts";
import { DiskBlobWrite } from "./blob-write.ts";
import { diskError, errnoOf } from "./errors.ts";
import { readFrom } from "./read-file.ts";

/** Blobs by name in one folder. Unfinished ones lie in a folder of ours beside them, which is gone when none is left. */
export class FlatFolder {
  readonly #dir: string;
  readonly #sync: FolderSync;
  #serial = 0;

  constructor(dir: string) {
    this.#dir = dir;
    this.#sync = new FolderSync(dir);
  }

  async size(name: string): Promise<number | undefined> {
    try {
      const found = await stat(join(this.#dir, name));
      return found.isFile() ? found.size : undefined;
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return undefined;
      throw diskError(error, `look for ${name}`, this.#dir);
    }
  }

  async small(name: string, digest: Digest): Promise<Uint8Array> {
    const size = await this.size(name);
    const path = join(this.#dir, name);
    return readSmall(digest, size === undefined ? undefined : { where: path, size, read: () => readWhole(path, digest) });
  }

  source(name: string, descriptor: Pick<Descriptor, "size">): ByteSource {
    const path = join(this.#dir, name);
    return { size: descriptor.size, open: (offset, options) => readFrom(path, { offset, ...options }) };
  }

  async begin(name: string, descriptor: Descriptor): Promise<BlobWrite> {
    const partial = join(this.#dir, ".partial");
    const temporary = join(partial, `${digestHex(descriptor.digest)}.${++this.#serial}`);
    try {
      await mkdir(partial, { recursive: true, mode: 0o700 });
      const ended = (): void => void rmdir(partial).catch(() => undefined);
      return await DiskBlobWrite.open({ descriptor, temporary, final: join(this.#dir, name), resumable: false, sync: this.#sync, ended });
    } catch (error) {
      throw diskError(error, `write blob ${descriptor.digest}`, temporary);
    }
  }
}
