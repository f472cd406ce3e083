import { pullScope } from "../auth/scope.ts";
import { isOciError, OciError } from "../errors.ts";
import { isTransient } from "../http/retry.ts";
import type { HttpResponse } from "../http/types.ts";
import type { Descriptor } from "../model/descriptor.ts";
import type { ByteSource, IoOptions } from "../store/types.ts";
import { nameOf, type Repository, sendTo } from "./repository.ts";

/** Progress that makes a broken-off download worth another continuation, however often it breaks: 1 MiB. */
const PROGRESS_BYTES = 1024 * 1024;

/** Whether a blob is there: one HEAD. */
export async function hasBlob(at: Repository, digest: string, io?: IoOptions): Promise<boolean> {
  const response = await sendTo(at, {
    method: "HEAD",
    path: `blobs/${digest}`,
    scopes: [pullScope(at.repository)],
    action: `look up blob ${digest} in ${nameOf(at)}`,
    subject: `${nameOf(at)}@${digest}`,
    expect: (status) => status === 200 || status === 404 || status === 405,
    io,
  });
  await response.dump();
  return response.status === 200;
}

/** Asks for a blob from `offset` on; the answer is 200, 206 or 404. */
async function requestBlob(
  at: Repository,
  what: { descriptor: Descriptor; offset: number; etag: string | undefined; io: IoOptions },
): Promise<HttpResponse> {
  const { descriptor, offset, etag } = what;
  const range = offset === 0 ? {} : { range: `bytes=${offset}-`, ...(etag === undefined ? {} : { "if-range": etag }) };
  return sendTo(at, {
    method: "GET",
    path: `blobs/${descriptor.digest}`,
    headers: { accept: "application/octet-stream, */*", ...range },
    scopes: [pullScope(at.repository)],
    action: `read blob ${descriptor.digest} of ${nameOf(at)}`,
    subject: `${nameOf(at)}@${descriptor.digest}`,
    expect: (status) => status === 200 || status === 206 || status === 404,
    io: what.io,
  });
}

/**
 * A blob as a source of bytes. A connection that breaks off is continued by Range without the consumer noticing; a
 * registry that ignores Range is read again up to where it broke. Endpoints are tried in order (mirrors first).
 */
export function blobSource(
  endpoints: (io: IoOptions) => Promise<readonly Repository[]>,
  descriptor: Descriptor,
  limits: { readonly retries: number },
): ByteSource {
  return {
    size: descriptor.size,
    open: (offset, io = {}) => readThrough({ endpoints, descriptor, offset, io, retries: limits.retries }),
  };
}

interface ReadThrough {
  readonly endpoints: (io: IoOptions) => Promise<readonly Repository[]>;
  readonly descriptor: Descriptor;
  readonly offset: number;
  readonly io: IoOptions;
  readonly retries: number;
}

async function* readThrough(read: ReadThrough): AsyncGenerator<Uint8Array> {
  const { descriptor, io } = read;
  const endpoints = [...(await read.endpoints(io))];
  let at = read.offset;
  let tries = 0;
  let anchor = at;
  let etag: string | undefined;
  if (at >= descriptor.size && descriptor.size > 0) return;
  for (;;) {
    const endpoint = endpoints[0];
    if (endpoint === undefined) return;
    try {
      const response = await requestBlob(endpoint, { descriptor, offset: at, etag, io });
      if (response.status === 404) {
        await response.dump();
        throw missing(endpoint, descriptor);
      }
      etag = strongTag(response) ?? etag;
      for await (const chunk of bodyFrom(response, { at, descriptor, endpoint })) {
        at += chunk.byteLength;
        yield chunk;
      }
      if (at === descriptor.size) return;
      throw endedEarly(endpoint, { descriptor, at });
    } catch (error) {
      if (!isOciError(error) || error.code === "ABORTED") throw error;
      if (at - anchor >= PROGRESS_BYTES) tries = 0;
      anchor = at;
      tries += 1;
      if (isTransient(error) && tries <= read.retries && error.tries === undefined) {
        await pauseBefore(endpoint, { tries, io, error });
        continue;
      }
      // This endpoint is done with; the next one continues at the same byte.
      endpoints.shift();
      tries = 0;
      etag = undefined;
      if (endpoints.length === 0) throw error;
    }
  }
}

/** The body from byte `at` on, whatever the server made of the Range header. */
async function* bodyFrom(
  response: HttpResponse,
  want: { at: number; descriptor: Descriptor; endpoint: Repository },
): AsyncGenerator<Uint8Array> {
  let skip = 0;
  if (response.status === 206) {
    const range = /^bytes (\d+)-\d*\/(\d+|\*)$/.exec(response.header("content-range") ?? "");
    if (range === null || Number(range[1]) !== want.at) {
      await response.dump();
      throw protocolFault(want, `it answered range ${JSON.stringify(response.header("content-range") ?? "none")} for bytes=${want.at}-`);
    }
  } else {
    skip = want.at;
  }
  if (skip === 0) {
    yield* response.stream();
    return;
  }
  for await (const chunk of response.stream()) {
    if (skip >= chunk.byteLength) {
      skip -= chunk.byteLength;
      continue;
    }
    yield skip === 0 ? chunk : chunk.subarray(skip);
    skip = 0;
  }
}

async function pauseBefore(at: Repository, why: { tries: number; io: IoOptions; error: OciError }): Promise<void> {
  await at.net.engine.pauseForRetry({ host: at.host, method: "GET", attempt: why.tries, error: why.error, signal: why.io.signal });
}

function strongTag(response: HttpResponse): string | undefined {
  const tag = response.header("etag");
  return tag === undefined || tag.startsWith("W/") ? undefined : tag;
}

function missing(at: Repository, descriptor: Descriptor): OciError {
  return new OciError({
    code: "NOT_FOUND",
    message: `Cannot read blob ${descriptor.digest}: ${nameOf(at)} does not have it`,
    subject: `${nameOf(at)}@${descriptor.digest}`,
    host: at.host,
    status: 404,
  });
}

function endedEarly(at: Repository, got: { descriptor: Descriptor; at: number }): OciError {
  const short = got.at < got.descriptor.size;
  return new OciError({
    // A short body may be a proxy's fault and is worth another try; a long one is another blob.
    code: short ? "SERVER_ERROR" : "SIZE_MISMATCH",
    message: `Cannot read blob ${got.descriptor.digest} of ${nameOf(at)}: received ${got.at} of ${got.descriptor.size} bytes`,
    subject: `${nameOf(at)}@${got.descriptor.digest}`,
    host: at.host,
  });
}

function protocolFault(want: { descriptor: Descriptor; endpoint: Repository }, why: string): OciError {
  return new OciError({
    code: "PROTOCOL_ERROR",
    message: `Cannot continue blob ${want.descriptor.digest} of ${nameOf(want.endpoint)}: ${why}`,
    subject: `${nameOf(want.endpoint)}@${want.descriptor.digest}`,
    host: want.endpoint.host,
  });
}
