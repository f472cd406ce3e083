import type { Gates } from "../gate.ts";
import type { Descriptor } from "../model/descriptor.ts";
import type { BlobWrite, ByteSource, Place, Reader, Writer } from "../store/types.ts";
import { SourceBody } from "./body.ts";
import { isWorthRetrying, pause, sided, throwIfAborted } from "./retry.ts";
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
  const { descriptor } = copy;
  let write: BlobWrite | undefined;
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(options.signal);
    if (attempt > 1) await pause(attempt, options.signal);
    try {
      using slots = await takeSlots(options.gates, { source: copy.source.host, target: copy.target.host }, options.signal);
      write ??= await copy.target.begin(copy.to, descriptor, { signal: options.signal, slot: slots.target });
      await pour(copy, { write, slots, ...options });
      return;
    } catch (error) {
      const failure = sided(error, "target");
      const again = attempt < options.tries && isWorthRetrying(failure) && !options.signal?.aborted;
      // Damaged content cannot be continued; anything else can, from where the target stands.
      const damaged = failure.code === "DIGEST_MISMATCH" || failure.code === "SIZE_MISMATCH";
      if (!again || damaged) {
        await end(write, options.signal?.aborted === true || (!again && !damaged));
        write = undefined;
      }
      if (!again) throw failure.tries === undefined ? failure.with({ tries: attempt }) : failure;
      options.onEvent({ event: "retry", subject: descriptor.digest, error: failure, attempt });
    }
  }
}

interface Pour extends BlobCopyOptions {
  readonly write: BlobWrite;
  readonly slots: CopySlots;
}

async function pour(copy: BlobCopy, pour: Pour): Promise<void> {
  const { write, slots, signal } = pour;
  const { descriptor } = copy;
  let unreported = 0;
  const report = (count: number): void => {
    unreported += count;
    if (unreported < REPORT_BYTES) return;
    pour.onEvent({ event: "blob.bytes", digest: descriptor.digest, bytes: unreported });
    unreported = 0;
  };
  if (write.offset < descriptor.size || descriptor.size === 0) {
    const source = embedded(descriptor) ?? copy.source.blob(copy.from, descriptor);
    const body = new SourceBody(source, { offset: write.offset, expected: descriptor, onBytes: report, signal, slot: slots.source });
    try {
      await write.append(body);
    } catch (error) {
      throw body.error ?? sided(error, "target");
    }
  }
  await write.commit();
  if (unreported > 0) pour.onEvent({ event: "blob.bytes", digest: descriptor.digest, bytes: unreported });
}

/** Content that travels in the descriptor itself needs no request; it is verified like any other. Image-spec "descriptor", data. */
function embedded(descriptor: Descriptor): ByteSource | undefined {
  if (descriptor.data === undefined) return undefined;
  const bytes = Buffer.from(descriptor.data, "base64");
  if (bytes.byteLength !== descriptor.size) return undefined;
  return {
    size: descriptor.size,
    async *open(offset) {
      yield bytes.subarray(offset);
    },
  };
}

/** Ends a write that will not be completed; a second failure on that way says nothing new. */
async function end(write: BlobWrite | undefined, keep: boolean): Promise<void> {
  await (keep ? write?.park() : write?.drop())?.catch(() => undefined);
}
