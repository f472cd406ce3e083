import { Gzip } from "fflate";

/** Where one push ends decides where a deflate block may end, so pushes always have this length. */
const PUSH = 65_536;

/**
 * Compresses to gzip in pure JavaScript: the bytes depend on the input alone, not on how it is cut into chunks, nor on
 * the zlib that Node was built with or the CPU. No name and no time in the header.
 */
export async function* deterministicGzip(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const out: Uint8Array[] = [];
  const gzip = new Gzip({ level: 6, mtime: 0 }, (chunk) => out.push(chunk));
  for await (const block of sameSized(chunks)) {
    gzip.push(block, false);
    yield* out.splice(0);
  }
  gzip.push(new Uint8Array(0), true);
  yield* out.splice(0);
}

async function* sameSized(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let block = new Uint8Array(PUSH);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; ) {
      const part = chunk.subarray(at, at + PUSH - filled);
      block.set(part, filled);
      filled += part.byteLength;
      at += part.byteLength;
      if (filled < PUSH) continue;
      yield block;
      block = new Uint8Array(PUSH);
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}
