/**
 * A body on its way: hands each chunk to `take` and goes on when the promise that it returned, if any, has resolved. A chunk is
 * the taker's for the length of the call alone. Rejects when the body breaks off, and with what `take` throws.
 */
export type Feed = (take: (chunk: Uint8Array) => Promise<void> | undefined) => Promise<void>;

/** The body that an iteration gives. */
export function feedOf(chunks: AsyncIterable<Uint8Array>): Feed {
  return async (take) => {
    for await (const chunk of chunks) await take(chunk);
  };
}
