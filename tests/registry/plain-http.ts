import { request } from "node:http";
import { request as requestTls } from "node:https";

export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

export interface PlainRequest {
  readonly method: string;
  /** Path with query, or a whole URL. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Several pieces are sent without Content-Length. */
  readonly body?: Uint8Array | readonly Uint8Array[] | undefined;
  readonly ca?: string;
}

/** Sends exactly these headers and this body; follows and retries nothing. */
export function sendPlain(base: string, plain: PlainRequest): Promise<PlainAnswer> {
  const url = new URL(plain.path, base);
  const { promise, resolve, reject } = Promise.withResolvers<PlainAnswer>();
  // A path goes out as it is written: a URL would resolve its dots.
  const path = plain.path.startsWith("/") ? { path: plain.path } : {};
  const options = {
    ...path,
    method: plain.method,
    headers: plain.headers ?? {},
    agent: false,
    ...(plain.ca === undefined ? {} : { ca: plain.ca }),
  };
  const sent = (url.protocol === "https:" ? requestTls : request)(url, options, (response) => {
    const chunks: Uint8Array[] = [];
    response.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    response.on("error", reject);
    response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }));
  });
  sent.on("error", reject);
  const { body } = plain;
  if (body === undefined || body instanceof Uint8Array) sent.end(body);
  else {
    for (const piece of body) sent.write(piece);
    sent.end();
  }
  return promise;
}
