import type { ServerResponse } from "node:http";
import { type Digest, isDigest } from "@skerry/oci";
import type { OpenBlob } from "../store/content.ts";
import type { ReadBuffers } from "../store/read-buffers.ts";
import { ApiError } from "./api-error.ts";
import type { RegistryContext } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import { type ByteRange, requestedRange } from "./ranges.ts";

/** `GET` and `HEAD /v2/<name>/blobs/<digest>`: end-2. */
export async function getBlob(context: RegistryContext, exchange: Exchange, repository: string, name: string): Promise<void> {
  if (!isDigest(name)) throw new ApiError("DIGEST_INVALID", { detail: "Expected sha256:<64 hex> or sha512:<128 hex>." });
  if (exchange.method === "HEAD") return headBlob(context, exchange, { repository, digest: name });
  const blob = await context.content.openBlob(repository, name);
  if (blob === undefined) throw unknownBlob(name);
  try {
    await sendBlob(exchange, { digest: name, blob, memory: context.readBuffers });
  } finally {
    await blob.close();
  }
}

async function headBlob(context: RegistryContext, exchange: Exchange, at: { repository: string; digest: Digest }): Promise<void> {
  const size = await context.content.blobSize(at.repository, at.digest);
  if (size === undefined) throw unknownBlob(at.digest);
  context.writable?.store.leaseBlob(at.repository, at.digest);
  if (exchange.answeredUnchanged(blobHeaders(at.digest))) return;
  exchange.answer(200, { ...blobHeaders(at.digest), "Content-Length": size });
}

async function sendBlob(
  exchange: Exchange,
  { digest, blob, memory }: { digest: Digest; blob: OpenBlob; memory: ReadBuffers },
): Promise<void> {
  if (exchange.answeredUnchanged(blobHeaders(digest))) return;
  const range = requestedRange(meantRange(exchange, digest), blob.size);
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
  await sendBytes(exchange.response, blob, { start, end, memory });
}

/** RFC 9110 13.1.5: with an If-Range that is not this content's tag (a date never is) the whole is meant. */
function meantRange(exchange: Exchange, digest: Digest): string | undefined {
  const held = exchange.header("if-range");
  return held === undefined || held.trim() === `"${digest}"` ? exchange.header("range") : undefined;
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

/** Sends in pieces, the next one being read while one is sent. */
async function sendBytes(
  response: ServerResponse,
  blob: OpenBlob,
  { start, end, memory }: ByteRange & { memory: ReadBuffers },
): Promise<void> {
  using lease = memory.lease(end - start + 1);
  const { buffers } = lease;
  let sent: Promise<void> = Promise.resolve();
  for (let [position, turn] = [start, 0]; position <= end; turn += 1) {
    const buffer = buffers[turn % buffers.length]?.subarray(0, end + 1 - position) ?? Buffer.alloc(0);
    // With one buffer, what is in it has to be gone first.
    if (buffers.length === 1) await sent;
    const got = await blob.read(buffer, position);
    await sent;
    // The head is out: all that is left to say that the file is short is to break the connection.
    if (got === 0) response.destroy();
    if (response.destroyed) return;
    sent = send(response, buffer.subarray(0, got));
    position += got;
  }
  await sent;
  response.end();
  // Only what the kernel has taken: a broken connection may still hold on to the last piece.
  if (response.destroyed) return;
  lease.giveBack();
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
