import { isOciError } from "../errors.ts";
import type { Descriptor } from "../model/descriptor.ts";
import { type ByteSource, type IoOptions, isForeignReader, type Place, type Reader } from "../store/types.ts";

/**
 * Where a blob's bytes come from: its own descriptor, the source, or for a foreign layer that the source does not hold, the
 * addresses that it names.
 */
export function contentOf(source: Reader, from: Place, descriptor: Descriptor): ByteSource {
  const embedded = embeddedIn(descriptor);
  if (embedded !== undefined) return embedded;
  const held = source.blob(from, descriptor);
  if (descriptor.urls === undefined || descriptor.urls.length === 0 || !isForeignReader(source)) return held;
  return eitherOf(held, source.foreign(descriptor));
}

/** Content that travels in the descriptor itself needs no request; it is verified like any other. Image-spec "descriptor", data. */
function embeddedIn(descriptor: Descriptor): ByteSource | undefined {
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

/** The first where it has the content, else the second. */
function eitherOf(first: ByteSource, second: ByteSource): ByteSource {
  async function* open(offset: number, options?: IoOptions): AsyncGenerator<Uint8Array> {
    try {
      yield* first.open(offset, options);
      return;
    } catch (error) {
      if (!isOciError(error) || error.code !== "NOT_FOUND") throw error;
    }
    yield* second.open(offset, options);
  }
  return { size: first.size, open };
}
