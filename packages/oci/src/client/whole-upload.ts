import { pushScope } from "../auth/scope.ts";
import { isOciError } from "../errors.ts";
import type { HttpResponse } from "../http/types.ts";
import type { Descriptor } from "../model/descriptor.ts";
import type { IoOptions } from "../store/types.ts";
import { nameOf, type Repository, sendTo } from "./repository.ts";
import { type UploadSession, uploadLocation } from "./uploads.ts";

/** The largest blob that is held in memory to go in one request. */
const MOST_BYTES = 1024 * 1024;

/** The largest that is tried at a registry that may not take it: it is sent twice then. Servers read so much of what they do not want. */
const MOST_UNTRIED_BYTES = 64 * 1024;

/** What came of sending a blob whole: taken, or to be uploaded the usual way, into the session that the request opened if it did. */
export type WholeUpload =
  | { readonly taken: true }
  | { readonly taken: false; readonly session: UploadSession | undefined; readonly body: AsyncIterable<Uint8Array> };

/** Whether a blob may go with the request that opens its upload, for half the round trips. */
export function mayGoWhole({ net, host }: Repository, { size }: Descriptor): boolean {
  const takes = net.quirks.takesWholeUploads(host);
  if (takes === false || size === 0 || size > (net.quirks.pieceSize(host) ?? size)) return false;
  return size <= (takes === true ? MOST_BYTES : MOST_UNTRIED_BYTES);
}

/**
 * Sends a small blob with the POST that opens its upload (distribution-spec, "single POST"). Quay, zot and our own registry take it;
 * distribution and its kin answer 202, which is an opened session. Any other refusal means no more than that this blob goes the
 * usual way, and is noted.
 * @throws OciError `UNAUTHORIZED`, `DENIED`; as for any request where such blobs were taken before
 */
export async function sendWhole(
  at: Repository,
  what: { readonly descriptor: Descriptor; readonly body: AsyncIterable<Uint8Array>; readonly io: IoOptions },
): Promise<WholeUpload> {
  const { descriptor, io } = what;
  const { quirks } = at.net;
  const bytes = await gathered(what.body);
  const usual = { taken: false, session: undefined, body: once(bytes) } as const;
  if (bytes.byteLength !== descriptor.size) return usual;
  const isTried = quirks.takesWholeUploads(at.host) === true;
  try {
    const response = await sendTo(at, {
      method: "POST",
      path: `blobs/uploads/?digest=${encodeURIComponent(descriptor.digest)}`,
      headers: { "content-type": "application/octet-stream" },
      body: { kind: "bytes", bytes },
      scopes: [pushScope(at.repository)],
      action: `upload blob ${descriptor.digest} to ${nameOf(at)}`,
      subject: `${nameOf(at)}@${descriptor.digest}`,
      expect: (status) => status === 201 || status === 202,
      ...(isTried ? {} : { retry: false }),
      io,
    });
    await response.dump();
    const taken = response.status === 201 && acknowledges(response, descriptor);
    quirks.noteWholeUploads(at.host, taken);
    if (taken) return { taken };
    return response.status === 202 ? { ...usual, session: { location: uploadLocation(at, response), offset: 0 } } : usual;
  } catch (error) {
    if (!isOciError(error) || error.status === undefined || isAboutAccess(error.status)) throw error;
    const { status } = error;
    const isRefused = status < 500 && status !== 429;
    if (isTried && !isRefused) throw error;
    // Damaged on the way, or too large for a proxy: the usual way finds out which.
    const isDamage = isTried && error.registryCode === "DIGEST_INVALID";
    if (!isDamage && status !== 429 && status !== 503) quirks.noteWholeUploads(at.host, false);
    return usual;
  }
}

/** A 201 that does not name the blob may be the answer of who opened an upload and read no further. */
function acknowledges(response: HttpResponse, { digest }: Descriptor): boolean {
  return response.header("docker-content-digest") === digest || (response.header("location") ?? "").endsWith(`/blobs/${digest}`);
}

function isAboutAccess(status: number): boolean {
  return status === 401 || status === 403;
}

async function gathered(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks = await Array.fromAsync(body);
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.byteLength > 0) yield bytes;
}
