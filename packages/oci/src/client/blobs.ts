import { isOciError, OciError } from "../errors.ts";
import type { HttpEngine } from "../http/engine.ts";
import { isTransient } from "../http/retry.ts";
import type { HttpResponse } from "../http/types.ts";
import type { Descriptor } from "../model/descriptor.ts";
import type { ByteSource, IoOptions } from "../store/types.ts";
import { lookScope, nameOf, type Repository, sendTo } from "./repository.ts";

/** Progress that makes a broken-off download worth another continuation, however often it breaks: 1 MiB. */
const PROGRESS_BYTES = 1024 * 1024;

/** Whether a blob is there: one HEAD. */
export async function hasBlob(at: Repository, digest: string, io?: IoOptions): Promise<boolean> {
  const response = await sendTo(at, {
    method: "HEAD",
    path: `blobs/${digest}`,
    scopes: [lookScope(at)],
    action: `look up blob ${digest} in ${nameOf(at)}`,
    subject: `${nameOf(at)}@${digest}`,
    expect: (status) => status === 200 || status === 404 || status === 405,
    io,
  });
  await response.dump();
  return response.status === 200;
}

/** Somewhere a blob can be asked for. */
export interface BlobOrigin {
  /** For messages: `quay.io/org/app`, or an address. */
  readonly name: string;
  readonly host: string;
  readonly engine: HttpEngine;
  /** Asks from `offset` on; the answer is 200, 206 or 404. */
  request(part: BlobPart): Promise<HttpResponse>;
}

/** Which part of a blob is wanted. */
export interface BlobPart {
  readonly headers: Readonly<Record<string, string>>;
  readonly action: string;
  readonly subject: string;
  readonly io: IoOptions;
}

/** A repository as the origin of one of its blobs. */
export function repositoryOrigin(at: Repository, descriptor: Descriptor): BlobOrigin {
  return {
    name: nameOf(at),
    host: at.host,
    engine: at.net.engine,
    request: (part) =>
      sendTo(at, { ...part, method: "GET", path: `blobs/${descriptor.digest}`, scopes: [lookScope(at)], expect: isBlobAnswer }),
  };
}

/** Statuses that a blob request understands. */
export function isBlobAnswer(status: number): boolean {
  return status === 200 || status === 206 || status === 404;
}

/**
 * A blob as a source of bytes. A connection that breaks off is continued by Range without the consumer noticing; a
 * registry that ignores Range is read again up to where it broke. Origins are tried in order (mirrors first).
 */
export function blobSource(origins: () => readonly BlobOrigin[], descriptor: Descriptor, limits: { readonly retries: number }): ByteSource {
  return {
    size: descriptor.size,
    open: (offset, io = {}) => readThrough({ origins, descriptor, offset, io, retries: limits.retries }),
  };
}

interface ReadThrough {
  readonly origins: () => readonly BlobOrigin[];
  readonly descriptor: Descriptor;
  readonly offset: number;
  readonly io: IoOptions;
  readonly retries: number;
}

async function* readThrough(read: ReadThrough): AsyncGenerator<Uint8Array> {
  const { descriptor, io } = read;
  const origins = [...read.origins()];
  let at = read.offset;
  let tries = 0;
  let anchor = at;
  let etag: string | undefined;
  if (origins.length === 0) throw nowhere(descriptor);
  if (at >= descriptor.size && descriptor.size > 0) return;
  for (;;) {
    const origin = origins[0];
    if (origin === undefined) return;
    try {
      const response = await requestFrom(origin, { descriptor, at, etag, io });
      etag = strongTag(response) ?? etag;
      for await (const chunk of bodyFrom(response, { at, descriptor, origin })) {
        at += chunk.byteLength;
        if (at > descriptor.size) throw wrongEnd(origin, { descriptor, at });
        yield chunk;
      }
      if (at === descriptor.size) return;
      throw wrongEnd(origin, { descriptor, at });
    } catch (error) {
      if (!isOciError(error) || error.code === "ABORTED") throw error;
      if (at - anchor >= PROGRESS_BYTES) tries = 0;
      anchor = at;
      tries += 1;
      // An error that counts tries has been through the engine's retries already.
      if (isTransient(error) && tries <= read.retries && error.tries === undefined) {
        await origin.engine.pauseForRetry({ host: origin.host, method: "GET", attempt: tries, error, signal: io.signal });
        continue;
      }
      // This origin is done with; the next one continues at the same byte.
      origins.shift();
      if (origins.length === 0) throw error.with({ tries: error.tries ?? tries });
      tries = 0;
      etag = undefined;
    }
  }
}

async function requestFrom(
  origin: BlobOrigin,
  want: { descriptor: Descriptor; at: number; etag: string | undefined; io: IoOptions },
): Promise<HttpResponse> {
  const { descriptor, at, etag, io } = want;
  const range: Record<string, string> = at === 0 ? {} : { range: `bytes=${at}-`, ...(etag === undefined ? {} : { "if-range": etag }) };
  const subject = `${origin.name}@${descriptor.digest}`;
  const action = `read blob ${descriptor.digest} of ${origin.name}`;
  const response = await origin.request({ headers: { accept: "application/octet-stream, */*", ...range }, action, subject, io });
  if (response.status !== 404) return response;
  await response.dump();
  throw new OciError({
    code: "NOT_FOUND",
    message: `Cannot read blob ${descriptor.digest}: ${origin.name} does not have it`,
    subject,
    host: origin.host,
    status: 404,
  });
}

/** The body from byte `at` on, whatever the server made of the Range header. */
async function* bodyFrom(
  response: HttpResponse,
  want: { at: number; descriptor: Descriptor; origin: BlobOrigin },
): AsyncGenerator<Uint8Array> {
  let skip = want.at;
  if (response.status === 206) {
    const range = /^bytes (\d+)-\d*\/(\d+|\*)$/.exec(response.header("content-range") ?? "");
    if (range === null || Number(range[1]) !== want.at) {
      await response.dump();
      throw protocolFault(want, `it answered range ${JSON.stringify(response.header("content-range") ?? "none")} for bytes=${want.at}-`);
    }
    skip = 0;
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

function strongTag(response: HttpResponse): string | undefined {
  const tag = response.header("etag");
  return tag === undefined || tag.startsWith("W/") ? undefined : tag;
}

function wrongEnd(origin: BlobOrigin, got: { descriptor: Descriptor; at: number }): OciError {
  const short = got.at < got.descriptor.size;
  return new OciError({
    // A short body may be a proxy's fault and is worth another try; a long one is another blob.
    code: short ? "UNREACHABLE" : "SIZE_MISMATCH",
    message: `Cannot read blob ${got.descriptor.digest} of ${origin.name}: received ${got.at} of ${got.descriptor.size} bytes`,
    subject: `${origin.name}@${got.descriptor.digest}`,
    host: origin.host,
    ...(short ? { cause: Object.assign(new Error("the body ended early"), { code: "UND_ERR_RES_CONTENT_LENGTH_MISMATCH" }) } : {}),
  });
}

function nowhere(descriptor: Descriptor): OciError {
  return new OciError({
    code: "NOT_FOUND",
    message: `Cannot read blob ${descriptor.digest}: it names no HTTPS address to read it from`,
    subject: descriptor.digest,
  });
}

function protocolFault(want: { descriptor: Descriptor; origin: BlobOrigin }, why: string): OciError {
  return new OciError({
    code: "PROTOCOL_ERROR",
    message: `Cannot continue blob ${want.descriptor.digest} of ${want.origin.name}: ${why}`,
    subject: `${want.origin.name}@${want.descriptor.digest}`,
    host: want.origin.host,
  });
}
