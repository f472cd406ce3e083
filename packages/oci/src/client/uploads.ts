import { pullScope, pushScope } from "../auth/scope.ts";
import { isOciError, OciError } from "../errors.ts";
import { redactUrl } from "../http/redact.ts";
import type { HttpResponse } from "../http/types.ts";
import type { Descriptor } from "../model/descriptor.ts";
import type { IoOptions } from "../store/types.ts";
import { nameOf, type Repository, sendTo } from "./repository.ts";

/** An upload session at a registry. */
export interface UploadSession {
  /** Where the next PUT, PATCH or GET goes; absolute. */
  readonly location: URL;
  /** Bytes the registry has. */
  readonly offset: number;
}

/** What came of starting an upload: mounted, or a session to upload into. */
export type UploadStart = { readonly mounted: true } | { readonly mounted: false; readonly session: UploadSession };

/** Opens an upload session: one POST. */
export async function startUpload(at: Repository, io?: IoOptions): Promise<UploadSession> {
  const response = await sendTo(at, {
    method: "POST",
    path: "blobs/uploads/",
    scopes: [pushScope(at.repository)],
    action: `start an upload to ${nameOf(at)}`,
    subject: nameOf(at),
    io,
  });
  await response.dump();
  return { location: uploadLocation(at, response), offset: 0 };
}

/**
 * Asks for a blob of another repository of the same registry. 201 mounts; 202 is an opened session, which is used;
 * everything else that is no fault of the wire means that the registry declines.
 */
export async function mountBlob(
  at: Repository,
  what: { digest: string; from: string; io?: IoOptions | undefined },
): Promise<UploadStart | undefined> {
  const ask = (scopes: readonly string[]): Promise<HttpResponse> =>
    sendTo(at, {
      method: "POST",
      path: `blobs/uploads/?mount=${encodeURIComponent(what.digest)}&from=${encodeURIComponent(what.from)}`,
      scopes,
      action: `mount blob ${what.digest} from ${what.from} in ${nameOf(at)}`,
      subject: nameOf(at),
      expect: (status) => status === 201 || status === 202,
      io: what.io,
    });
  try {
    const response = await ask([pushScope(at.repository), pullScope(what.from)]);
    await response.dump();
    if (response.status === 201) return { mounted: true };
    return { mounted: false, session: { location: uploadLocation(at, response), offset: 0 } };
  } catch (error) {
    // Quay once answered 400, containerd saw 401 and 403: the blob is uploaded then.
    if (isOciError(error) && error.status !== undefined && error.status >= 400 && error.status < 500 && error.status !== 429)
      return undefined;
    throw error;
  }
}

/** Sends the rest of a blob and closes the session: one PUT with its length. */
export async function finishUpload(
  at: Repository,
  what: { session: UploadSession; descriptor: Descriptor; body: AsyncIterable<Uint8Array> | undefined; io?: IoOptions | undefined },
): Promise<void> {
  const { session, descriptor } = what;
  const size = descriptor.size - session.offset;
  const last = descriptor.size - 1;
  const response = await sendTo(at, {
    method: "PUT",
    path: withDigest(session.location, descriptor.digest),
    headers: {
      "content-type": "application/octet-stream",
      ...(session.offset > 0 && size > 0 ? { "content-range": `${session.offset}-${last}` } : {}),
    },
    ...(what.body === undefined ? {} : { body: { kind: "stream", size, chunks: what.body } as const }),
    scopes: [pushScope(at.repository)],
    action: `upload blob ${descriptor.digest} to ${nameOf(at)}`,
    subject: `${nameOf(at)}@${descriptor.digest}`,
    io: what.io,
  }).catch((error: unknown) => {
    throw lostSession(error);
  });
  await response.dump();
}

/** A 404 at an address that the registry itself gave means that the session is gone, also where its words did not come through. */
function lostSession(error: unknown): unknown {
  const isBare = isOciError(error) && error.status === 404 && error.registryCode === undefined;
  return isBare ? error.with({ registryCode: "BLOB_UPLOAD_UNKNOWN" }) : error;
}

/** Sends one piece in the middle: PATCH. Returns the session as the registry continues it. */
export async function sendPiece(
  at: Repository,
  what: { session: UploadSession; bytes: Uint8Array; digest: string; io?: IoOptions | undefined },
): Promise<UploadSession> {
  const { session, bytes } = what;
  const end = session.offset + bytes.byteLength;
  const response = await sendTo(at, {
    method: "PATCH",
    path: session.location.href,
    headers: { "content-type": "application/octet-stream", "content-range": `${session.offset}-${end - 1}` },
    body: { kind: "bytes", bytes },
    scopes: [pushScope(at.repository)],
    action: `upload a piece of blob ${what.digest} to ${nameOf(at)}`,
    subject: `${nameOf(at)}@${what.digest}`,
    // ECR answers 201 and drops what follows: it must not be taken for progress.
    expect: (status) => status === 202 || status === 204,
    retry: false,
    io: what.io,
  });
  await response.dump();
  const held = rangeEnd(response) ?? end;
  if (held !== end) {
    throw new OciError({
      code: "SERVER_ERROR",
      status: 416,
      message: `Cannot upload blob ${what.digest} to ${nameOf(at)}: the registry kept ${held} of ${end} bytes`,
      subject: `${nameOf(at)}@${what.digest}`,
      host: at.host,
    });
  }
  return { location: uploadLocation(at, response), offset: end };
}

/** What the registry has of an upload, or undefined when it has forgotten it. */
export async function uploadStatus(at: Repository, session: UploadSession, io?: IoOptions): Promise<UploadSession | undefined> {
  const response = await sendTo(at, {
    method: "GET",
    path: session.location.href,
    scopes: [pushScope(at.repository)],
    action: `ask for the state of an upload to ${nameOf(at)}`,
    subject: nameOf(at),
    expect: (status) => status < 500 && status !== 429,
    io,
  });
  await response.dump();
  if (response.status !== 204 && response.status !== 202 && response.status !== 200) return undefined;
  const offset = rangeEnd(response);
  if (offset === undefined) return undefined;
  return { location: response.header("location") === undefined ? session.location : uploadLocation(at, response), offset };
}

/** Cancels an upload; a registry that cannot is left to clean up by itself. */
export async function cancelUpload(at: Repository, session: UploadSession, io?: IoOptions): Promise<void> {
  const response = await sendTo(at, {
    method: "DELETE",
    path: session.location.href,
    scopes: [pushScope(at.repository)],
    action: `cancel an upload to ${nameOf(at)}`,
    subject: nameOf(at),
    expect: () => true,
    retry: false,
    io,
  });
  await response.dump();
}

/**
 * Where an upload goes on. Relative locations are relative to the request; one that names the registry's host with
 * another scheme or without its port comes from a registry behind a proxy and is put right; the query is kept as it is.
 */
export function uploadLocation(at: Repository, response: Pick<HttpResponse, "header" | "url">): URL {
  const header = response.header("location");
  if (header === undefined || header === "" || !URL.canParse(header, response.url)) {
    throw new OciError({
      code: "PROTOCOL_ERROR",
      message: `Cannot upload to ${nameOf(at)}: the registry names no location for the upload`,
      subject: nameOf(at),
      host: at.host,
    });
  }
  const to = new URL(header, response.url);
  const home = new URL(response.url);
  to.hash = "";
  to.username = "";
  to.password = "";
  if (to.origin === home.origin) return to;
  if (to.hostname !== home.hostname) {
    if (home.protocol === "https:" && to.protocol !== "https:") throw leavesHttps(at, to);
    return to;
  }
  const isDefaultPort = to.port === "";
  if (isDefaultPort || to.port === home.port || (to.protocol === "http:" && home.protocol === "https:")) {
    to.protocol = home.protocol;
    to.port = home.port;
  }
  return to;
}

function leavesHttps(at: Repository, to: URL): OciError {
  return new OciError({
    code: "UNTRUSTED_ADDRESS",
    message: `Refused to upload to ${nameOf(at)}: the registry sends the upload from HTTPS to ${redactUrl(to.href)}`,
    subject: nameOf(at),
    host: at.host,
    hint: "Tell the registry its outer address, so that it answers with https addresses.",
  });
}

/** Adds the digest to a location without touching the query that is there: signed parts of it must stay byte for byte. */
function withDigest(location: URL, digest: string): string {
  const joiner = location.search === "" ? "?" : "&";
  return `${location.href}${joiner}digest=${encodeURIComponent(digest)}`;
}

/** Bytes the registry has, from `Range: 0-N`; an empty session is `0-0` at some and `0--1` at others. */
function rangeEnd(response: HttpResponse): number | undefined {
  const range = /^(?:bytes=)?0-(-?\d+)$/.exec(response.header("range")?.trim() ?? "");
  if (range === null) return undefined;
  const last = Number(range[1]);
  return last <= 0 ? 0 : last + 1;
}
