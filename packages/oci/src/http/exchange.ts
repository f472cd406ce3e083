import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { isOciError, OciError } from "../errors.ts";
import { aborted, type Doing, stalled, transportFailure } from "./failure.ts";
import type { RateLimit } from "./rate-limit.ts";
import type { SignalHub } from "./signals.ts";
import type { StallWatch, Watched } from "./stall.ts";
import type { HttpMethod, HttpResponse, RequestBody } from "./types.ts";

/** What every exchange of a run shares. */
export interface ExchangeContext {
  readonly signals: SignalHub;
  readonly stalls: StallWatch;
  readonly stallMs: number;
  readonly rate: RateLimit | undefined;
}

/** One request on the wire. */
export interface Outgoing {
  readonly dispatcher: Dispatcher;
  readonly url: URL;
  readonly method: HttpMethod;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: RequestBody | undefined;
  readonly doing: Doing;
  readonly signal: AbortSignal | undefined;
}

/** A large upload may be followed by a long silence while the registry hashes or moves it: a second per 20 MB. */
const COMMIT_BYTES_PER_MS = 20_000;
const DUMP_LIMIT = 64 * 1024;

/** Sends one request and waits for the head of its answer. No retry, no redirect, no authentication. */
export async function exchange(context: ExchangeContext, out: Outgoing): Promise<HttpResponse> {
  if (out.signal?.aborted === true) throw aborted(out.doing, out.signal.reason);
  const control = new Control(context, out);
  try {
    if (control.isPaced && out.body?.kind === "bytes") await control.pace(out.body.bytes.byteLength);
    const answer = await out.dispatcher.request({
      origin: out.url.origin,
      path: out.url.pathname + out.url.search,
      method: out.method,
      headers: { ...out.headers, ...bodyHeaders(out) },
      body: control.body() as Readable | Uint8Array | null,
      signal: control.signal,
      // undici closes the connection after each HEAD unless told not to: a handshake per look-up.
      reset: false,
    });
    return new WireResponse(answer, out, control);
  } catch (cause) {
    control.end();
    throw control.failure(cause);
  }
}

/** Abort, stall and pace of one exchange. */
class Control {
  readonly #out: Outgoing;
  readonly #context: ExchangeContext;
  readonly #abort: AbortController = new AbortController();
  readonly #watched: Watched;
  readonly #unlink: () => void;
  #bodyFault: unknown;
  #ended = false;
  #listener: (() => void) | undefined;

  constructor(context: ExchangeContext, out: Outgoing) {
    this.#context = context;
    this.#out = out;
    this.#watched = context.stalls.watch(() => this.#abort.abort(stalled(out.doing, Math.round(context.stallMs / 1000))));
    this.#unlink = context.signals.onAbort(out.signal, () => this.#abort.abort(aborted(out.doing, out.signal?.reason)));
    this.#watched.waiting();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get watched(): Watched {
    return this.#watched;
  }

  body(): AsyncIterable<Uint8Array> | Uint8Array | null {
    const { body } = this.#out;
    if (body === undefined) return null;
    return body.kind === "bytes" ? body.bytes : this.#upload(body.chunks, body.size);
  }

  /** Whether a rate limit is set: asked first, since waiting costs a turn of the loop per chunk. */
  get isPaced(): boolean {
    return this.#context.rate !== undefined;
  }

  async pace(bytes: number): Promise<void> {
    this.#watched.resting();
    await this.#context.rate?.take(bytes, this.#abort.signal);
  }

  /** The error to report: whatever broke off the exchange first wins over what undici made of it. */
  failure(cause: unknown): OciError {
    if (this.#abort.signal.aborted && isOciError(this.#abort.signal.reason)) return this.#abort.signal.reason;
    if (this.#bodyFault !== undefined) return transportFailure(this.#bodyFault, this.#out.doing);
    return transportFailure(cause, this.#out.doing);
  }

  whenDone(listener: () => void): void {
    if (this.#ended) listener();
    else this.#listener = listener;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#watched.end();
    this.#unlink();
    this.#listener?.();
  }

  /**
   * The body one chunk behind its source: the last chunk leaves only when the source has ended well, so that a source
   * that fails its digest at the end never completes the upload.
   */
  async *#upload(chunks: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
    let held: Uint8Array | undefined;
    try {
      this.#watched.resting();
      for await (const chunk of chunks) {
        if (held !== undefined) {
          if (this.isPaced) await this.pace(held.byteLength);
          this.#watched.waiting();
          yield held;
          this.#watched.resting();
        }
        held = chunk;
      }
    } catch (error) {
      this.#bodyFault = error;
      throw error;
    }
    this.#watched.waiting(size / COMMIT_BYTES_PER_MS);
    if (held !== undefined) yield held;
    this.#watched.waiting(size / COMMIT_BYTES_PER_MS);
  }
}

class WireResponse implements HttpResponse {
  readonly status: number;
  readonly url: string;
  readonly #answer: Dispatcher.ResponseData;
  readonly #out: Outgoing;
  readonly #control: Control;

  constructor(answer: Dispatcher.ResponseData, out: Outgoing, control: Control) {
    this.status = answer.statusCode;
    this.url = out.url.href;
    this.#answer = answer;
    this.#out = out;
    this.#control = control;
    control.watched.resting();
    // A body nobody reads must not fail the process when its connection breaks.
    answer.body.on("error", () => undefined);
  }

  header(name: string): string | undefined {
    const value = this.#answer.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  async *stream(): AsyncGenerator<Uint8Array> {
    const { watched } = this.#control;
    try {
      watched.waiting();
      for await (const chunk of this.#answer.body as AsyncIterable<Uint8Array>) {
        watched.resting();
        if (this.#control.isPaced) await this.#control.pace(chunk.byteLength);
        yield chunk;
        watched.waiting();
      }
    } catch (cause) {
      throw this.#control.failure(cause);
    } finally {
      this.#control.end();
    }
  }

  whenDone(listener: () => void): void {
    this.#control.whenDone(listener);
  }

  async bytes(max: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    if (Number(this.header("content-length") ?? "0") > max) {
      await this.dump();
      throw tooLarge(this.#out.doing, max);
    }
    for await (const chunk of this.stream()) {
      size += chunk.byteLength;
      if (size > max) throw tooLarge(this.#out.doing, max);
      chunks.push(chunk);
    }
    return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size);
  }

  async dump(): Promise<void> {
    const { watched } = this.#control;
    try {
      watched.waiting();
      await this.#answer.body.dump({ limit: DUMP_LIMIT });
    } catch {
      // The rest of an answer that is not needed may break off.
    } finally {
      this.#control.end();
    }
  }
}

/** An answer whose body has been read already. */
export function buffered(response: HttpResponse, bytes: Uint8Array): HttpResponse {
  return {
    status: response.status,
    url: response.url,
    header: (name) => response.header(name),
    async *stream() {
      yield bytes;
    },
    bytes: () => Promise.resolve(bytes),
    dump: () => Promise.resolve(),
    whenDone: (listener) => response.whenDone(listener),
  };
}

function bodyHeaders(out: Outgoing): Record<string, string> {
  if (out.body === undefined) return out.method === "GET" || out.method === "HEAD" ? {} : { "content-length": "0" };
  return { "content-length": String(out.body.kind === "bytes" ? out.body.bytes.byteLength : out.body.size) };
}

function tooLarge(doing: Doing, max: number): OciError {
  return new OciError({
    code: "TOO_LARGE",
    message: `Cannot ${doing.action}: the answer of ${doing.host} is larger than ${max} bytes`,
    subject: doing.subject ?? doing.host,
    host: doing.host,
  });
}
