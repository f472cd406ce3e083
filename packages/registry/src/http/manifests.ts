import {
  type Digest,
  digestAlgorithm,
  digestOf,
  isDigest,
  isForeignLayerType,
  isOciError,
  isTag,
  type Manifest,
  manifestContents,
  manifestMediaType,
  parseManifest,
  referrerDescriptor,
} from "@skerry/oci";
import { ApiError } from "./api-error.ts";
import { type RegistryContext, writableOf } from "./context.ts";
import type { Exchange } from "./exchange.ts";

/** `GET` and `HEAD /v2/<name>/manifests/<reference>`: end-3. The bytes and the media type are those that were pushed. */
export async function getManifest(
  context: RegistryContext,
  exchange: Exchange,
  at: { repository: string; reference: string },
): Promise<void> {
  checkReference(at.reference);
  const facts = await context.content.resolve(at.repository, at.reference);
  if (facts === undefined) throw unknownManifest(at);
  const headers = { "Content-Type": facts.mediaType, "Docker-Content-Digest": facts.digest, ETag: `"${facts.digest}"` };
  if (exchange.answeredUnchanged(headers)) return;
  if (exchange.method === "HEAD") return exchange.answer(200, { ...headers, "Content-Length": facts.size });
  const manifest = await context.content.manifest(at.repository, facts.digest);
  if (manifest === undefined) throw unknownManifest(at);
  exchange.answer(200, headers, manifest.bytes);
}

/** `PUT /v2/<name>/manifests/<reference>`: end-7a, and with `tag=` parameters end-7b. */
export async function putManifest(
  context: RegistryContext,
  exchange: Exchange,
  at: { repository: string; reference: string },
): Promise<void> {
  const writable = writableOf(context);
  const tags = tagsOf(exchange, at.reference);
  const bytes = await readBody(exchange, context.limits.manifestBytes);
  const digest = digestOfPush(exchange, at.reference, bytes);
  const mediaType = mediaTypeOf(exchange, bytes);
  const manifest = parsed(bytes, mediaType);
  const contents = manifestContents(manifest).map((descriptor) => descriptor.digest);
  const swept = await writable.store.putManifest(at.repository, {
    digest,
    bytes,
    mediaType,
    tags,
    contents,
    blobs: manifest.kind === "image" ? ownBlobs(manifest) : [],
    ...(manifest.subject === undefined
      ? {}
      : { subject: manifest.subject.digest, referrer: referrerDescriptor({ digest, mediaType, size: bytes.byteLength }, manifest) }),
  });
  if (swept !== undefined) throw new ApiError("MANIFEST_BLOB_UNKNOWN", { detail: `${swept} was collected meanwhile; push it again.` });
  exchange.answer(201, {
    Location: `/v2/${at.repository}/manifests/${digest}`,
    "Docker-Content-Digest": digest,
    ...(manifest.subject === undefined ? {} : { "OCI-Subject": manifest.subject.digest }),
    ...(exchange.query.has("tag") ? { "OCI-Tag": tags } : {}),
  });
}

/** `DELETE /v2/<name>/manifests/<reference>`: end-9. A tag alone is untagged; a digest goes with its tags. */
export async function deleteManifest(
  context: RegistryContext,
  exchange: Exchange,
  at: { repository: string; reference: string },
): Promise<void> {
  const { store } = writableOf(context);
  checkReference(at.reference);
  const { repository, reference } = at;
  const removed = isDigest(reference)
    ? await store.deleteManifest(repository, reference, await contentsOf(context, repository, reference))
    : await store.deleteTag(repository, reference);
  if (!removed) throw unknownManifest(at);
  exchange.answer(202);
}

async function contentsOf(context: RegistryContext, repository: string, digest: Digest): Promise<Digest[]> {
  const stored = await context.content.manifest(repository, digest);
  if (stored === undefined) return [];
  const manifest = parsed(stored.bytes, stored.mediaType);
  return manifest.kind === "image" ? ownBlobs(manifest) : [];
}

/** Tags of a push: the reference, if it is one, and the `tag` parameters. */
function tagsOf(exchange: Exchange, reference: string): string[] {
  const tags = [...new Set([...(reference.includes(":") ? [] : [reference]), ...exchange.query.getAll("tag")])];
  for (const tag of tags) if (!isTag(tag)) throw new ApiError("TAG_INVALID", { detail: "A tag has 1 to 128 letters, digits, _ . and -." });
  return tags;
}

/** The digest the client names, in the reference or as parameter, checked; else sha256. */
function digestOfPush(exchange: Exchange, reference: string, bytes: Uint8Array): Digest {
  const claimed = reference.includes(":") ? reference : exchange.query.get("digest");
  if (claimed === null) return digestOf(bytes);
  if (!isDigest(claimed)) throw new ApiError("DIGEST_INVALID", { detail: "Expected sha256:<64 hex> or sha512:<128 hex>." });
  const got = digestOf(bytes, digestAlgorithm(claimed));
  if (got !== claimed) throw new ApiError("DIGEST_INVALID", { detail: `Expected ${claimed}, received ${got}.` });
  return claimed;
}

function mediaTypeOf(exchange: Exchange, bytes: Uint8Array): string {
  try {
    return manifestMediaType(bytes, exchange.header("content-type"));
  } catch (error) {
    throw invalidManifest(error);
  }
}

function parsed(bytes: Uint8Array, mediaType: string): Manifest {
  try {
    return parseManifest(bytes, mediaType);
  } catch (error) {
    throw invalidManifest(error);
  }
}

function invalidManifest(error: unknown): unknown {
  return isOciError(error) ? new ApiError("MANIFEST_INVALID", { detail: error.message }) : error;
}

/** Blobs that belong into the repository; foreign layers live elsewhere. */
function ownBlobs(manifest: Manifest): Digest[] {
  return manifestContents(manifest)
    .filter((descriptor) => !isForeignLayerType(descriptor.mediaType))
    .map((descriptor) => descriptor.digest);
}

function checkReference(reference: string): void {
  if (isDigest(reference) || isTag(reference)) return;
  throw reference.includes(":")
    ? new ApiError("DIGEST_INVALID", { detail: "Expected sha256:<64 hex> or sha512:<128 hex>." })
    : new ApiError("TAG_INVALID", { detail: "A tag has 1 to 128 letters, digits, _ . and -." });
}

function unknownManifest(at: { repository: string; reference: string }): ApiError {
  return new ApiError("MANIFEST_UNKNOWN", { detail: `${at.repository} has no ${at.reference}.` });
}

/** Manifests come with and without Content-Length. */
async function readBody(exchange: Exchange, limit: number): Promise<Uint8Array> {
  const tooLarge = (): ApiError => new ApiError("SIZE_INVALID", { status: 413, detail: `A manifest has at most ${limit} bytes.` });
  if ((exchange.contentLength ?? 0) > limit) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of exchange.body()) {
    size += chunk.byteLength;
    if (size > limit) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
