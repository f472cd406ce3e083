import { type Digest, type DigestAlgorithm, digestAlgorithm, isDigest, isRepository } from "@skerry/oci";
import type { Feed } from "../store/feed.ts";
import type { Upload } from "../store/uploads.ts";
import { ApiError } from "./api-error.ts";
import { bodyFeed } from "./body-feed.ts";
import { type RegistryContext, type Writable, writableOf } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import { chunkRange } from "./ranges.ts";

/** `POST /v2/<name>/blobs/uploads/`: end-4a (session), end-4b (content at once), end-4c (algorithm hint), end-11 (mount). */
export async function beginUpload(context: RegistryContext, exchange: Exchange, repository: string): Promise<void> {
  const writable = writableOf(context);
  const mount = exchange.query.get("mount");
  if (mount !== null && isDigest(mount) && (await mounted(context, exchange, { repository, digest: mount }))) {
    return created(exchange, repository, mount);
  }
  await writable.checkSpace(repository, exchange.contentLength ?? 0);
  const { user } = exchange.caller;
  if (writable.uploads.count(user) >= context.limits.uploadsPerUser) {
    throw new ApiError("TOOMANYREQUESTS", {
      detail: `More than ${context.limits.uploadsPerUser} uploads are open.`,
      headers: { "Retry-After": "5" },
    });
  }
  const digest = exchange.query.get("digest");
  if (digest !== null && !isDigest(digest)) throw badDigest();
  const algorithm = digest === null ? hintedAlgorithm(exchange) : digestAlgorithm(digest as Digest);
  const upload = writable.uploads.begin(repository, user, algorithm);
  if (digest === null) return accepted(exchange, upload);
  await working(upload, async () => {
    await receive(writable, exchange, { upload });
    await finish(writable, exchange, { upload, digest: digest as Digest });
  });
}

/** The algorithm that the client will name at the end, so that the bytes are hashed once. */
function hintedAlgorithm(exchange: Exchange): DigestAlgorithm {
  const hint = exchange.query.get("digest-algorithm") ?? "sha256";
  if (hint === "sha256" || hint === "sha512") return hint;
  throw new ApiError("DIGEST_INVALID", { detail: "The digest-algorithm is sha256 or sha512." });
}

async function mounted(context: RegistryContext, exchange: Exchange, at: { repository: string; digest: Digest }): Promise<boolean> {
  const { store, checkSpace } = writableOf(context);
  const from = exchange.query.get("from");
  // Without `from` any repository will do; for who may not read everything that would tell what exists elsewhere.
  if (from === null) return context.access.mayReadAll(exchange) && store.linkFromPool(at.repository, at.digest);
  if (!isRepository(from) || !context.access.may(exchange, from, "read")) return false;
  const size = await context.content.blobSize(from, at.digest);
  if (size === undefined) return false;
  await checkSpace(at.repository, size);
  return store.mountBlob(at.repository, at.digest, from);
}

/** `PATCH <location>`: end-5, with Content-Range (chunk) or without (stream). */
export async function patchUpload(context: RegistryContext, exchange: Exchange, upload: Upload): Promise<void> {
  const writable = writableOf(context);
  await working(upload, async () => {
    const chunk = checkChunk(exchange, upload);
    await writable.checkSpace(upload.repository, exchange.contentLength ?? 0);
    await writable.uploads.save(upload);
    await receive(writable, exchange, { upload, chunk });
    accepted(exchange, upload);
  });
}

/** `PUT <location>?digest=`: end-6, with the last chunk, the whole content, or nothing. */
export async function closeUpload(context: RegistryContext, exchange: Exchange, upload: Upload): Promise<void> {
  const writable = writableOf(context);
  const digest = exchange.query.get("digest");
  if (digest === null || !isDigest(digest)) throw badDigest();
  await working(upload, async () => {
    if (exchange.hasBody) {
      const chunk = checkChunk(exchange, upload);
      await writable.checkSpace(upload.repository, exchange.contentLength ?? 0);
      await receive(writable, exchange, { upload, chunk });
    }
    await finish(writable, exchange, { upload, digest });
  });
}

/** `GET <location>`: end-13. */
export function uploadStatus(exchange: Exchange, upload: Upload): void {
  exchange.answer(204, sessionHeaders(upload));
}

/** `DELETE <location>`: end-14. */
export async function cancelUpload(context: RegistryContext, exchange: Exchange, upload: Upload): Promise<void> {
  await working(upload, async () => {
    await writableOf(context).uploads.drop(upload);
    exchange.answer(204);
  });
}

/** Finds the session of a path. A session of somebody else, or of another repository, is as unknown as one that never was. */
export async function findUpload(context: RegistryContext, exchange: Exchange, at: { repository: string; id: string }): Promise<Upload> {
  const upload = await writableOf(context).uploads.find(at.id, at.repository, exchange.caller.user);
  if (upload === undefined) throw new ApiError("BLOB_UPLOAD_UNKNOWN", { detail: "Start again with POST." });
  return upload;
}

/** One request at a time works on a session. */
async function working(upload: Upload, work: () => Promise<void>): Promise<void> {
  if (upload.busy) {
    throw new ApiError("BLOB_UPLOAD_INVALID", {
      status: 409,
      detail: "Another request is at work on this upload.",
      headers: { "Retry-After": "1" },
    });
  }
  upload.busy = true;
  try {
    await work();
  } finally {
    upload.busy = false;
  }
}

/** Appends the body. `chunk` is the length that Content-Range gave. */
async function receive(
  writable: Writable,
  exchange: Exchange,
  { upload, chunk }: { upload: Upload; chunk?: number | undefined },
): Promise<void> {
  const before = upload.offset;
  const announced = exchange.contentLength;
  const body = bodyFeed(exchange.request);
  try {
    await writable.uploads.append(upload, announced === undefined ? whileThereIsRoom(writable, upload, body) : body);
  } catch (error) {
    // A body that broke off: what came is kept, and the session continues at its offset. Of one that found no room nothing
    // is kept: the room is wanted.
    if (!exchange.brokenOff) await writable.uploads.drop(upload);
    else if (upload.offset > 0) await writable.uploads.save(upload);
    throw error;
  }
  const expected = announced ?? chunk;
  if (expected !== undefined && upload.offset - before !== expected) throw new ApiError("SIZE_INVALID");
}

/** A body of unknown length is let in as it comes: most clients stream layers without saying how long they are. */
function whileThereIsRoom(writable: Writable, upload: Upload, body: Feed): Feed {
  return (take) =>
    body(async (chunk) => {
      await writable.checkSpace(upload.repository, chunk.byteLength);
      await take(chunk);
    });
}

/** A chunk must begin where the last one ended. Returns its length when it is said. Distribution-spec "pushing a blob in chunks". */
function checkChunk(exchange: Exchange, upload: Upload): number | undefined {
  const header = exchange.header("content-range");
  if (header === undefined) return undefined;
  const range = chunkRange(header);
  if (range === undefined) throw new ApiError("BLOB_UPLOAD_INVALID", { detail: "Content-Range is not <start>-<end>." });
  if (range.start !== upload.offset) {
    throw new ApiError("RANGE_INVALID", { detail: `The next byte is ${upload.offset}.`, headers: sessionHeaders(upload) });
  }
  const length = range.end - range.start + 1;
  if ((exchange.contentLength ?? length) !== length) {
    throw new ApiError("SIZE_INVALID", { detail: "Content-Length and Content-Range differ." });
  }
  return length;
}

async function finish(writable: Writable, exchange: Exchange, at: { upload: Upload; digest: Digest }): Promise<void> {
  const got = await writable.uploads.commit(at.upload, at.digest);
  if (got !== undefined) throw new ApiError("DIGEST_INVALID", { detail: `Expected ${at.digest}, received ${got}.` });
  created(exchange, at.upload.repository, at.digest);
}

function created(exchange: Exchange, repository: string, digest: Digest): void {
  exchange.answer(201, { Location: `/v2/${repository}/blobs/${digest}`, "Docker-Content-Digest": digest });
}

function accepted(exchange: Exchange, upload: Upload): void {
  exchange.answer(202, sessionHeaders(upload));
}

/** `oc image mirror` needs Range on every 202. While nothing has come, `0-0` is what everybody answers. */
function sessionHeaders(upload: Upload): Record<string, string> {
  return {
    Location: `/v2/${upload.repository}/blobs/uploads/${upload.id}`,
    Range: `0-${Math.max(0, upload.offset - 1)}`,
    "Docker-Upload-UUID": upload.id,
  };
}

function badDigest(): ApiError {
  return new ApiError("DIGEST_INVALID", { detail: "digest is not sha256:<64 hex> or sha512:<128 hex>." });
}
