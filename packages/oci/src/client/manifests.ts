import { pushScope } from "../auth/scope.ts";
import { isOciError, OciError } from "../errors.ts";
import { digestOf } from "../hash.ts";
import type { HttpResponse } from "../http/types.ts";
import type { Descriptor } from "../model/descriptor.ts";
import { type Digest, digestAlgorithm, isDigest } from "../model/digest.ts";
import { MAX_MANIFEST_BYTES, manifestMediaType } from "../model/manifest.ts";
import { isManifestType, MEDIA_TYPES } from "../model/media-types.ts";
import { isTag } from "../model/reference.ts";
import type { IoOptions, ManifestBytes } from "../store/types.ts";
import { lookScope, nameOf, type Repository, sendTo } from "./repository.ts";

/** Everything that is understood; schema 1 only to refuse it by name. Quay serves schema 1 to clients that do not ask for more. */
const ACCEPT: string = [
  MEDIA_TYPES.ociIndex,
  MEDIA_TYPES.dockerList,
  MEDIA_TYPES.ociManifest,
  MEDIA_TYPES.dockerManifest,
  MEDIA_TYPES.ociArtifactManifest,
  MEDIA_TYPES.dockerSchema1Signed,
  MEDIA_TYPES.dockerSchema1,
].join(", ");

const found = (status: number): boolean => status === 200 || status === 404;

/**
 * The descriptor behind a tag or digest: one HEAD; a GET only where HEAD is refused or names no digest (Nexus and
 * Artifactory proxies), and then the digest is computed over the body.
 */
export async function resolveManifest(at: Repository, name: string, io?: IoOptions): Promise<Descriptor | undefined> {
  if (!at.net.quirks.refusesHead(at.host)) {
    const head = await headManifest(at, { name, io });
    if (head.status === 404) return undefined;
    const described = head.status === 200 ? describedBy(head, name) : undefined;
    if (described !== undefined) return described;
    if (head.status === 405 || head.status === 501) at.net.quirks.noteHeadRefused(at.host);
  }
  const manifest = await getManifest(at, { name, io });
  return manifest && { mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.bytes.byteLength };
}

async function headManifest(at: Repository, what: { name: string; io?: IoOptions | undefined }): Promise<HttpResponse> {
  const subject = referenceText(at, what.name);
  const head = await sendTo(at, {
    method: "HEAD",
    path: `manifests/${what.name}`,
    headers: { accept: ACCEPT },
    scopes: [lookScope(at)],
    action: `look up ${subject}`,
    subject,
    // Some servers know no HEAD: what matters is whether GET works, and what it says.
    expect: (status) => found(status) || status === 400 || status === 403 || status === 405 || status === 501,
    io: what.io,
  });
  await head.dump();
  return head;
}

/**
 * A manifest's bytes, or undefined for 404. By digest the body is verified against it; by tag the digest is computed.
 * @throws OciError `DIGEST_MISMATCH`, `MANIFEST_TOO_LARGE`, and whatever the transport throws
 */
export async function getManifest(at: Repository, what: { name: string; io?: IoOptions | undefined }): Promise<ManifestBytes | undefined> {
  const subject = referenceText(at, what.name);
  const response = await sendTo(at, {
    method: "GET",
    path: `manifests/${what.name}`,
    headers: { accept: ACCEPT },
    scopes: [lookScope(at)],
    action: `read manifest ${subject}`,
    subject,
    expect: found,
    buffer: MAX_MANIFEST_BYTES,
    io: what.io,
  }).catch((error: unknown) => {
    // A 413 has the same code and is the registry's own word.
    throw isOciError(error) && error.code === "TOO_LARGE" && error.status === undefined ? tooLarge(subject) : error;
  });
  if (response.status === 404) return undefined;
  const bytes = await response.bytes(MAX_MANIFEST_BYTES);
  const wanted = isDigest(what.name) ? what.name : undefined;
  const digest = digestOf(bytes, wanted === undefined ? "sha256" : digestAlgorithm(wanted));
  if (wanted !== undefined && digest !== wanted) {
    throw new OciError({
      code: "DIGEST_MISMATCH",
      message: `Manifest ${subject} is damaged: its bytes hash to ${digest}`,
      subject,
      host: at.host,
      hint: "Run again; if it stays, the registry (or a cache before it) serves damaged content.",
    });
  }
  return { mediaType: manifestMediaType(bytes, response.header("content-type")), digest, bytes };
}

/**
 * Puts a manifest under a digest or tag; returns what the registry says about its subject, if anything.
 * @throws OciError `DIGEST_MISMATCH` when the registry says that it keeps other bytes than it was sent (registries that
 * convert between Docker and OCI types, proxies that rewrite JSON)
 */
export async function putManifest(
  at: Repository,
  what: { name: string; manifest: Pick<ManifestBytes, "bytes" | "mediaType">; io?: IoOptions | undefined },
): Promise<{ readonly subject: string | undefined }> {
  const subject = referenceText(at, what.name);
  const response = await sendTo(at, {
    method: "PUT",
    path: `manifests/${what.name}`,
    headers: { "content-type": what.manifest.mediaType },
    body: { kind: "bytes", bytes: what.manifest.bytes },
    scopes: [pushScope(at.repository)],
    action: `push manifest ${subject}`,
    subject,
    io: what.io,
  });
  await response.dump();
  const answered = response.header("docker-content-digest");
  if (answered !== undefined && isDigest(answered)) checkAnswered(answered, { at, subject, bytes: what.manifest.bytes });
  return { subject: response.header("oci-subject") };
}

/** By tag a registry names the digest in its own algorithm, so the bytes are hashed in that one: an answer is never of another kind. */
function checkAnswered(answered: Digest, sent: { readonly at: Repository; readonly subject: string; readonly bytes: Uint8Array }): void {
  const expected = digestOf(sent.bytes, digestAlgorithm(answered));
  if (expected === answered) return;
  throw new OciError({
    code: "DIGEST_MISMATCH",
    message: `Cannot push manifest ${sent.subject}: expected the registry to keep ${expected}, it says ${answered}`,
    subject: sent.subject,
    host: sent.at.host,
    side: "target",
    hint: "The registry, or a proxy before it, rewrites manifests: signatures and references by digest would break. Push past it, or to another registry.",
  });
}

/** Whether a manifest is there: one HEAD, whatever else it says; a GET where HEAD is refused. */
export async function hasManifest(at: Repository, digest: Digest, io?: IoOptions): Promise<boolean> {
  if (!at.net.quirks.refusesHead(at.host)) {
    const { status } = await headManifest(at, { name: digest, io });
    if (status === 200 || status === 404) return status === 200;
    if (status === 405 || status === 501) at.net.quirks.noteHeadRefused(at.host);
  }
  return (await getManifest(at, { name: digest, io })) !== undefined;
}

function describedBy(head: HttpResponse, name: string): Descriptor | undefined {
  const digest = isDigest(name) ? name : head.header("docker-content-digest");
  const size = Number(head.header("content-length") ?? "-1");
  const mediaType = head.header("content-type")?.split(";")[0]?.trim() ?? "";
  // By tag a missing or foreign digest, and a type that says nothing, cost the GET.
  if (digest === undefined || !isDigest(digest) || !isManifestType(mediaType) || !Number.isSafeInteger(size) || size <= 0) return undefined;
  return { mediaType, digest, size };
}

function tooLarge(subject: string): OciError {
  return new OciError({
    code: "MANIFEST_TOO_LARGE",
    message: `Cannot read manifest ${subject}: it is larger than ${MAX_MANIFEST_BYTES} bytes`,
    subject,
  });
}

/**
 * `host/repository:tag` or `host/repository@digest`.
 * @throws OciError `REFERENCE_INVALID` for a name that is neither: it would become part of a path
 */
export function referenceText(at: Repository, name: string): string {
  if (isDigest(name)) return `${nameOf(at)}@${name}`;
  if (isTag(name)) return `${nameOf(at)}:${name}`;
  throw new OciError({
    code: "REFERENCE_INVALID",
    message: `Cannot ask ${nameOf(at)}: ${JSON.stringify(name.slice(0, 200))} is neither tag nor digest`,
    subject: name.slice(0, 200),
  });
}
