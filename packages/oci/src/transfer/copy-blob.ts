import type { Gates } from "../gate.ts";
import type { Descriptor } from "../model/descriptor.ts";
import type { BlobWrite, IoOptions, Place, Reader, Writer } from "../store/types.ts";
import { contentOf } from "./blob-content.ts";
import { SourceBody } from "./body.ts";
import { isDamage, isWorthAnotherRound, pause, sided, throwIfAborted } from "./retry.ts";
import { type CopySlots, takeSlots } from "./slots.ts";
import type { TransferEvent } from "./types.ts";

/** One blob on its way from one place to another. */
export interface BlobCopy {
  readonly source: Reader;
  readonly from: Place;
  readonly target: Writer;
  readonly to: Place;
  readonly descriptor: Descriptor;
}

export interface BlobCopyOptions {
  readonly gates?: Gates | undefined;
  readonly tries: number;
  readonly backoffMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent: (event: TransferEvent) => void;
}

/** Progress is told once per so many bytes. */
const REPORT_BYTES = 1024 * 1024;

/**
 * Streams a blob, verified on the way, with a slot at each end. After a failure that may pass it continues where the target
 * stands, or begins anew. Stopped by the signal it leaves what it has for the next run, where the target can.
 * @throws OciError with `side`
 */
export async function copyBlob(copy: BlobCopy, options: BlobCopyOptions): Promise<void> {
  const pour = new Pour(copy, options);
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(options.signal);
    if (attempt > 1) await pause(attempt, { backoffMs: options.backoffMs, signal: options.signal });
    try {
      using slots = await takeSlots(options.gates, { source: copy.source.host, target: copy.target.host }, options.signal);
      await pour.run(slots);
      return;
    } catch (error) {
      const failure = sided(error, "target");
      const again = attempt < options.tries && isWorthAnotherRound(failure, attempt) && options.signal?.aborted !== true;
      // Damaged content and a lost session cannot be continued; anything else can, from where the target stands.
      const isLost = failure.registryCode === "BLOB_UPLOAD_UNKNOWN" || failure.registryCode === "BLOB_UPLOAD_INVALID";
      if (!again || isLost || isDamage(failure)) await pour.end(!isLost && !isDamage(failure));
      if (again && isLost && (await pour.isThere())) return;
      if (!again) throw failure.tries === undefined ? failure.with({ tries: attempt }) : failure;
      options.onEvent({ event: "retry", subject: copy.descriptor.digest, error: failure, attempt });
    }
  }
}

/** The tries of one blob: what one leaves, the next continues. */
class Pour {
  readonly #copy: BlobCopy;
  readonly #options: BlobCopyOptions;
  #write: BlobWrite | undefined;
  #unreported = 0;

  constructor(copy: BlobCopy, options: BlobCopyOptions) {
    this.#copy = copy;
    this.#options = options;
  }

  async run(slots: CopySlots): Promise<void> {
    const { descriptor } = this.#copy;
    const body = this.#write === undefined && this.#copy.target.host !== undefined ? this.#body(slots, 0) : undefined;
    // A registry always begins at the start, so the source is asked while the upload is being opened: one round trip less.
    body?.prefetch();
    try {
      const io: IoOptions = { signal: this.#options.signal, slot: slots.target };
      this.#write ??= await this.#copy.target.begin(this.#copy.to, descriptor, io);
      await this.#fill(this.#write, body?.offset === this.#write.offset ? body : this.#body(slots, this.#write.offset));
    } finally {
      await body?.close();
    }
    await this.#write.commit();
    this.#write = undefined;
    this.#report(0, true);
  }

  /** A session may be gone because its last answer was lost and the blob is complete. */
  async isThere(): Promise<boolean> {
    const { target, to, descriptor } = this.#copy;
    return target.has(to, descriptor, { signal: this.#options.signal }).catch(() => false);
  }

  /** Ends a write that will not be completed; a second failure on that way says nothing new. */
  async end(keep: boolean): Promise<void> {
    const write = this.#write;
    this.#write = undefined;
    await (keep ? write?.park() : write?.drop())?.catch(() => undefined);
  }

  async #fill(write: BlobWrite, body: SourceBody): Promise<void> {
    const { size } = this.#copy.descriptor;
    if (write.offset === size && size > 0) return;
    try {
      await write.append(body);
    } catch (error) {
      throw body.error ?? sided(error, "target");
    }
  }

  #body(slots: CopySlots, offset: number): SourceBody {
    const { source, from, descriptor } = this.#copy;
    const { signal } = this.#options;
    const onBytes = (count: number): void => this.#report(count, false);
    return new SourceBody(contentOf(source, from, descriptor), {
      offset,
      ...(this.#copy.target.checksContent === true ? {} : { expected: descriptor }),
      onBytes,
      signal,
      slot: slots.source,
    });
  }

  #report(count: number, last: boolean): void {
    this.#unreported += count;
    if (this.#unreported === 0 || (!last && this.#unreported < REPORT_BYTES)) return;
    this.#options.onEvent({ event: "blob.bytes", digest: this.#copy.descriptor.digest, bytes: this.#unreported });
    this.#unreported = 0;
  }
}
