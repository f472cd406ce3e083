import type { IncomingMessage, ServerResponse } from "node:http";
import type { ApiError } from "./api-error.ts";

/** Who asks. */
export interface Caller {
  /** Empty for somebody without a name. */
  readonly user: string;
}

/** Headers of every answer: the version clients look for, and what keeps a browser from running content. */
const ALWAYS = [
  "Docker-Distribution-Api-Version",
  "registry/2.0",
  "X-Content-Type-Options",
  "nosniff",
  "Content-Security-Policy",
  "default-src 'none'; frame-ancestors 'none'; sandbox",
] as const;

/** A body that is refused is read up to this length, so that the client sees the answer; beyond it the connection is closed. */
const DRAIN_BYTES = 1024 * 1024;

/** One request with its answer. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  /** Percent-decoded path without query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Whom the request is meant for: name and port. Undefined in HTTP/1.0, which may leave it out. */
  readonly host: string | undefined;
  caller: Caller = { user: "" };
  /** Registry that the `ns` parameter named, once it is known to be an upstream. */
  namespace: string | undefined;
  /** Length of the answer's body as announced. */
  sentLength = 0;
  /** Docker-Content-Digest of the answer. */
  answeredDigest: string | undefined;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request;
    this.response = response;
    this.method = request.method ?? "GET";
    const { host, url } = targetOf(request);
    this.host = host;
    const mark = url.indexOf("?");
    this.path = decoded(mark < 0 ? url : url.slice(0, mark));
    // A plus is a plus here, not a space of an HTML form: media types in `artifactType` have one.
    this.query = new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1).replaceAll("+", "%2B"));
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  /** Address the request came from. */
  get address(): string {
    return this.request.socket.remoteAddress ?? "";
  }

  /** Announced length of the body in bytes, when there is one. */
  get contentLength(): number | undefined {
    const text = this.header("content-length");
    return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  }

  /** True when the request may carry a body. */
  get hasBody(): boolean {
    return this.request.headers["transfer-encoding"] !== undefined || (this.contentLength ?? 0) > 0;
  }

  /** The body's chunks. Leaving it half-way keeps the connection, so that the answer still arrives. */
  body(): AsyncIterable<Uint8Array> {
    return this.request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  }

  /** True when the client has gone before its request was complete. */
  get brokenOff(): boolean {
    return this.request.destroyed && !this.request.complete;
  }

  /** Writes the head of an answer whose body follows on `response`. A header with several values is an array. */
  head(status: number, headers: Readonly<Record<string, string | number | readonly string[]>>): void {
    const flat: string[] = [...ALWAYS, ...(this.namespace === undefined ? [] : ["OCI-Namespace", this.namespace])];
    this.sentLength = Number(headers["Content-Length"] ?? 0);
    this.answeredDigest = headers["Docker-Content-Digest"]?.toString();
    for (const [name, value] of Object.entries(headers)) {
      for (const one of typeof value === "object" ? value : [value]) flat.push(name, String(one));
    }
    this.response.writeHead(status, flat);
  }

  /** Answers as a whole. To a HEAD request the body is not sent, but its length is. */
  answer(
    status: number,
    headers: Readonly<Record<string, string | number | readonly string[]>> = {},
    body: Uint8Array | string | undefined = undefined,
  ): void {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    if (status !== 204 && status !== 304) this.head(status, { "Content-Length": bytes?.byteLength ?? 0, ...headers });
    else this.head(status, headers);
    this.response.end(this.method === "HEAD" ? undefined : bytes);
  }

  /**
   * Answers 304 when the client says that it holds what `headers` (with an ETag) describe; false when it has to be sent.
   * RFC 9110 13.1.2: the weak comparison.
   */
  answeredUnchanged(headers: Readonly<Record<string, string>>): boolean {
    const held = this.header("if-none-match");
    if (held === undefined) return false;
    const tags = held.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
    if (!tags.includes("*") && !tags.includes(headers["ETag"] ?? "")) return false;
    this.answer(304, headers);
    return true;
  }

  json(status: number, value: unknown, headers: Readonly<Record<string, string | readonly string[]>> = {}): void {
    this.answer(status, { "Content-Type": "application/json", ...headers }, JSON.stringify(value));
  }

  /** Answers no. */
  refuse(error: ApiError): void {
    const close = this.hasBody && !this.request.complete && (this.contentLength ?? Number.POSITIVE_INFINITY) > DRAIN_BYTES;
    const headers = { "Content-Type": "application/json", ...(close ? { Connection: "close" } : {}), ...error.headers };
    this.answer(error.status, headers, error.body());
  }
}

/** RFC 9112 3.2.2: a target may be a whole URL, as clients send it to a proxy; its host is the one that counts then. */
function targetOf(request: IncomingMessage): { host: string | undefined; url: string } {
  const { url = "/", headers } = request;
  const whole = url.startsWith("/") ? null : /^https?:\/\/([^/?#]*)(.*)$/i.exec(url);
  return whole === null ? { host: headers.host, url } : { host: whole[1] ?? "", url: whole[2] === "" ? "/" : (whole[2] ?? "/") };
}

/** A path that is no proper UTF-8 stays as it came, and matches nothing. */
function decoded(path: string): string {
  try {
    return path.includes("%") ? decodeURIComponent(path) : path;
  } catch {
    return path;
  }
}
