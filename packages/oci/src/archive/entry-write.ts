import { OciError } from "../errors.ts";
import { checkExpected, Hasher } from "../hash.ts";
import type { Descriptor } from "../model/descriptor.ts";
import { digestAlgorithm } from "../model/digest.ts";
import { padded, tarHeader } from "../store/tar/tar-header.ts";
import type { BlobWrite } from "../store/types.ts";
import type { PlacedEntry } from "./archive-plan.ts";
import type { VolumeFiles } from "./volume-files.ts";

/** Bytes gathered before one write. */
const BATCH_BYTES = 1024 * 1024;

/** One entry that is written to its place: header, content, padding. Others may be written beside it at the same time. */
export class EntryWrite implements BlobWrite {
  readonly #entry: PlacedEntry;
  readonly #descriptor: Descriptor;
  readonly #files: VolumeFiles;
  readonly #committed: () => Promise<void>;
  readonly #hasher: Hasher;
  #pending: Uint8Array[];
  #pendingBytes: number;
  #position: number;

  constructor(entry: PlacedEntry, descriptor: Descriptor, how: { readonly files: VolumeFiles; readonly committed: () => Promise<void> }) {
    this.#entry = entry;
    this.#descriptor = descriptor;
    this.#files = how.files;
    this.#committed = how.committed;
    this.#hasher = new Hasher(digestAlgorithm(descriptor.digest));
    const header = tarHeader(entry);
    this.#pending = [header];
    this.#pendingBytes = header.byteLength;
    this.#position = entry.start;
  }

  get offset(): number {
    return this.#hasher.size;
  }

  async append(body: AsyncIterable<Uint8Array>): Promise<void> {
    const { digest, size } = this.#descriptor;
    for await (const chunk of body) {
      if (this.#hasher.size + chunk.byteLength > size) {
        throw new OciError({
          code: "SIZE_MISMATCH",
          message: `Content of ${digest} has the wrong length: expected ${size} bytes, received more`,
          subject: digest,
        });
      }
      this.#hasher.update(chunk);
      this.#pending.push(chunk);
      this.#pendingBytes += chunk.byteLength;
      if (this.#pendingBytes >= BATCH_BYTES) await this.#flush();
    }
  }

  async commit(): Promise<void> {
    checkExpected(this.#hasher, this.#descriptor);
    const gap = padded(this.#entry.size) - this.#entry.size;
    if (gap > 0) this.#pending.push(new Uint8Array(gap));
    await this.#flush();
    await this.#committed();
  }

  /** What lies at its place is written over, or becomes an entry that says so. */
  async park(): Promise<void> {
    this.#pending = [];
  }

  async drop(): Promise<void> {
    this.#pending = [];
  }

  async #flush(): Promise<void> {
    const chunks = this.#pending;
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    this.#pending = [];
    this.#pendingBytes = 0;
    await this.#files.write(this.#position, chunks);
    this.#position += bytes;
  }
}
