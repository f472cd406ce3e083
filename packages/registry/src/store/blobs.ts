import { dirname } from "node:path";
import { type Digest, isDigest } from "@skerry/oci";
import type { OpenBlob } from "./content.ts";
import type { Durable } from "./durable.ts";
import { errorCode, type FileFacts } from "./files.ts";
import type { FileChange } from "./journal-records.ts";
import { digestOfFileName, type Layout } from "./layout.ts";

/** The pool: every blob and every manifest's bytes once, under their digest, whoever uses them. */
export class BlobPool {
  readonly #layout: Layout;
  readonly #durable: Durable;

  constructor(layout: Layout, durable: Durable) {
    this.#layout = layout;
    this.#durable = durable;
  }

  /** Bytes, or undefined when the blob is not there. */
  async size(digest: Digest): Promise<number | undefined> {
    return (await this.#durable.files.facts(this.#layout.blob(digest)))?.size;
  }

  /** Size and time of the last upload. */
  facts(digest: Digest): Promise<FileFacts | undefined> {
    return this.#durable.files.facts(this.#layout.blob(digest));
  }

  open(digest: Digest): Promise<OpenBlob | undefined> {
    return this.#open(this.#layout.blob(digest));
  }

  /** What was taken out of the pool under this digest. */
  openQuarantined(digest: Digest): Promise<OpenBlob | undefined> {
    return this.#open(this.#layout.quarantined(digest));
  }

  async #open(path: string): Promise<OpenBlob | undefined> {
    try {
      const file = await this.#durable.files.open(path, "read");
      return { size: await file.size(), read: (into, position) => file.read(into, position), close: () => file.close() };
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  read(digest: Digest): Promise<Uint8Array | undefined> {
    return this.#durable.files.read(this.#layout.blob(digest));
  }

  /**
   * Takes over a file whose bytes are stable and hash to `digest`. What is there under this digest is replaced:
   * a damaged blob is healed by the next push of it.
   */
  async adopt(path: string, digest: Digest): Promise<void> {
    await this.#durable.place(path, this.#layout.blob(digest));
  }

  /** The same, while `mark` is made at the same time: a mark without its blob counts for nothing. */
  async adoptAndMark(path: string, digest: Digest, mark: string): Promise<void> {
    await this.#durable.placeAndMark(path, this.#layout.blob(digest), mark);
  }

  /** The change that stores bytes, which hash to `digest`. */
  putting(digest: Digest, bytes: Uint8Array): FileChange {
    return { path: this.#layout.blob(digest), bytes };
  }

  async remove(digest: Digest): Promise<boolean> {
    return this.#durable.remove(this.#layout.blob(digest));
  }

  /** Takes a damaged blob out of the pool: from now on it counts as absent. */
  async quarantine(digest: Digest): Promise<void> {
    await this.#durable.files.rename(this.#layout.blob(digest), this.#layout.quarantined(digest));
    await this.#durable.syncFolder(dirname(this.#layout.quarantined(digest)));
    await this.#durable.syncFolder(dirname(this.#layout.blob(digest)));
  }

  /** Every digest in quarantine, in no order; the next push may have healed it since. */
  async quarantined(): Promise<Digest[]> {
    const names = await this.#durable.files.list(this.#layout.quarantine);
    return names.map(digestOfFileName).filter((digest) => digest !== undefined);
  }

  /** Every digest in the pool, in no order. */
  async *all(): AsyncGenerator<Digest> {
    for (const algorithm of ["sha256", "sha512"]) {
      for (const name of await this.#durable.files.list(this.#layout.blobs(algorithm))) {
        const digest = `${algorithm}:${name}`;
        if (isDigest(digest)) yield digest;
      }
    }
  }
}
