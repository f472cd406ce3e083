import type { ServerResponse } from "node:http";
import { type Digest, isDigest } from "@skerry/oci";
import type { OpenBlob } from "../store/content.ts";
import { ApiError } from "./api-error.ts";
import type { RegistryContext } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import { type ByteRange, requestedRange } from "./ranges.ts";

/** Up to this size a blob is read and sent in one piece. */
const WHOLE_BYTES = 1024 * 1024;
/** Larger ones are sent in pieces, the next one being read while one is sent. */
const PIECE_BYTES = 256 * 1024;

/** `GET` and `HEAD /v2/<name>/blobs/<digest>`: end-2. */
export async function getBlob(context: RegistryContext, exchange: Exchange, repository: string, name: string): Promise<void> {
  if (!isDigest(name)) throw new ApiError("DIGEST_INVALID", { detail: "Expected sha256:<64 hex> or sha512:<128 hex>." });
  if (exchange.method === "HEAD") return headBlob(context, exchange, { repository, digest: name });
  const blob = await context.content.openBlob(repository, name);
  if (blob === undefined) throw unknownBlob(name);
  try {
    await sendBlob(exchange, name, blob);
  } finally {
    await blob.close();
  }
}

async function headBlob(context: RegistryContext, exchange: Exchange, at: { repository: string; digest: Digest }): Promise<void> {
  const size = await context.content.blobSize(at.repository, at.digest);
  if (size === undefined) throw unknownBlob(at.digest);
  context.writable?.store.leaseBlob(at.repository, at.digest);
  exchange.answer(200, { ...blobHeaders(at.digest), "Content-Length": size });
}

async function sendBlob(exchange: Exchange, digest: Digest, blob: OpenBlob): Promise<void> {
  const range = requestedRange(exchange.header("range"), blob.size);
  if (range === "unsatisfiable") {
    throw new ApiError("RANGE_INVALID", {
      detail: `The blob has ${blob.size} bytes.`,
      headers: { "Content-Range": `bytes */${blob.size}` },
    });
  }
  const { start, end } = range ?? { start: 0, end: blob.size - 1 };
  const headers = { ...blobHeaders(digest), "Content-Length": end - start + 1 };
  if (range === undefined) exchange.head(200, headers);
  else exchange.head(206, { ...headers, "Content-Range": `bytes ${start}-${end}/${blob.size}` });
  await sendBytes(exchange.response, blob, { start, end });
}

function blobHeaders(digest: Digest): Record<string, string> {
  return {
    "Content-Type": "application/octet-stream",
    "Docker-Content-Digest": digest,
    "Accept-Ranges": "bytes",
    ETag: `"${digest}"`,
    "Cache-Control": "private, max-age=31536000, immutable",
  };
}

async function sendBytes(response: ServerResponse, blob: OpenBlob, range: ByteRange): Promise<void> {
  const size = range.end - range.start + 1;
  const piece = size <= WHOLE_BYTES ? size : PIECE_BYTES;
  const buffers = [Buffer.allocUnsafe(piece), Buffer.allocUnsafe(size <= WHOLE_BYTES ? 0 : piece)] as const;
  let sent: Promise<void> = Promise.resolve();
  let turn: 0 | 1 = 0;
  for (let position = range.start; position <= range.end; ) {
    const buffer = buffers[turn].subarray(0, Math.min(piece, range.end + 1 - position));
    const got = await blob.read(buffer, position);
    await sent;
    // The head is out: all that is left to say that the file is short is to break the connection.
    if (got === 0) response.destroy();
    if (response.destroyed) return;
    sent = send(response, buffer.subarray(0, got));
    position += got;
    turn = turn === 0 ? 1 : 0;
  }
  await sent;
  response.end();
}

/** Resolves when the bytes are with the kernel and the buffer may be used again; also when the client has gone. */
function send(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    function done(): void {
      response.off("close", done);
      resolve();
    }
    // What is written to a connection that just broke is kept, and its callback never called.
    response.once("close", done);
    response.write(bytes, done);
  });
}

function unknownBlob(digest: Digest): ApiError {
  return new ApiError("BLOB_UNKNOWN", { detail: digest });
}
