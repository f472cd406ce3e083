import { pipeline, Readable, type Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { type Descriptor, type Place, type Reader, verified } from "@skerry/oci";
import { CatalogError } from "../errors.ts";

/** Node's default of 16 KiB halves the speed of both formats. */
const CHUNK = 262_144;
/** A layer may grow this much freely; beyond it the ratio below counts. */
const FREE_BYTES = 512 * 1024 * 1024;
const MAX_RATIO = 300;
const MAX_BYTES = 32 * 1024 ** 3;

/**
 * A layer's tar bytes: fetched, checked against the digest, decompressed. The format is told by the first bytes, because
 * media types are wrong often enough. Read to the end to know that the bytes are right.
 * @throws CatalogError `LIMIT_EXCEEDED` for a decompression bomb, `CATALOG_INVALID` for damaged compression, and whatever the reader throws
 */
export async function* layerBytes(
  reader: Reader,
  at: { readonly place: Place; readonly layer: Descriptor },
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { place, layer } = at;
  const source = verified(reader.blob(place, layer).open(0, { signal }), layer);
  let out = 0;
  for await (const chunk of decompressed(source, layer)) {
    signal?.throwIfAborted();
    out += chunk.byteLength;
    if (out > MAX_BYTES || (out > FREE_BYTES && out > layer.size * MAX_RATIO)) throw bomb(layer);
    yield chunk;
  }
}

async function* decompressed(source: AsyncGenerator<Uint8Array>, layer: Descriptor): AsyncGenerator<Uint8Array> {
  const { head, chunks } = await peek(source);
  const transform = decoder(head);
  if (transform === undefined) {
    yield* chunks;
    return;
  }
  let failed: unknown;
  // The error reaches the loop below as well; kept here to tell the source's faults from those of the format.
  pipeline(
    Readable.from(
      keeping(chunks, (error) => (failed = error)),
      { objectMode: false },
    ),
    transform,
    () => undefined,
  );
  try {
    for await (const chunk of transform) yield chunk as Uint8Array;
  } catch (cause) {
    if (failed !== undefined) throw failed;
    throw new CatalogError({
      code: "CATALOG_INVALID",
      message: `Cannot decompress layer ${layer.digest}: its bytes are damaged`,
      subject: layer.digest,
      cause,
    });
  } finally {
    transform.destroy();
  }
}

async function* keeping(chunks: AsyncIterable<Uint8Array>, note: (error: unknown) => void): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    note(error);
    throw error;
  }
}

/** Reads at least four bytes ahead and gives them back. */
async function peek(source: AsyncGenerator<Uint8Array>): Promise<{ head: Uint8Array; chunks: AsyncIterable<Uint8Array> }> {
  const read: Uint8Array[] = [];
  let length = 0;
  while (length < 4) {
    const next = await source.next();
    if (next.done === true) break;
    read.push(next.value);
    length += next.value.byteLength;
  }
  async function* again(): AsyncGenerator<Uint8Array> {
    try {
      yield* read;
      yield* source;
    } finally {
      await source.return(undefined);
    }
  }
  return { head: Buffer.concat(read).subarray(0, 4), chunks: again() };
}

function decoder(head: Uint8Array): Transform | undefined {
  const hex = Buffer.from(head).toString("hex");
  if (hex.startsWith("1f8b")) return createGunzip({ chunkSize: CHUNK });
  return hex === "28b52ffd" ? createZstdDecompress({ chunkSize: CHUNK }) : undefined;
}

function bomb(layer: Descriptor): CatalogError {
  return new CatalogError({
    code: "LIMIT_EXCEEDED",
    message: `Cannot read layer ${layer.digest}: it grows to more than ${MAX_RATIO} times its ${layer.size} bytes`,
    subject: layer.digest,
    hint: "Do not use this image; no catalog compresses that well.",
  });
}
