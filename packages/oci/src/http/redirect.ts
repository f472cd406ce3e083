import { OciError } from "../errors.ts";
import type { Doing } from "./failure.ts";
import { redactUrl } from "./redact.ts";
import type { HttpMethod, HttpRequest } from "./types.ts";

/** Redirects followed for one request: distribution sends one, mirrors in front of it another. */
export const MAX_REDIRECTS = 6;

/** True for an answer that sends a reader elsewhere. */
export function isRedirect(status: number, location: string | undefined): location is string {
  return location !== undefined && (status === 301 || status === 302 || status === 303 || status === 307 || status === 308);
}

/**
 * Where a redirect leads.
 * @throws OciError `UNTRUSTED_ADDRESS` when it leaves HTTPS, `PROTOCOL_ERROR` when it is no address or comes too often
 */
export function redirectTarget(from: URL, location: string, doing: Doing & { readonly hops: number }): URL {
  if (doing.hops >= MAX_REDIRECTS) throw fault(doing, `it redirects more than ${MAX_REDIRECTS} times`);
  if (!URL.canParse(location, from)) throw fault(doing, "it redirects to something that is no address");
  const to = new URL(location, from);
  if (to.protocol !== "https:" && to.protocol !== "http:") throw fault(doing, `it redirects to ${JSON.stringify(to.protocol)}`);
  if (from.protocol === "https:" && to.protocol === "http:") {
    throw new OciError({
      code: "UNTRUSTED_ADDRESS",
      message: `Cannot ${doing.action}: ${doing.host} redirects from HTTPS to plain HTTP (${redactUrl(to.href)})`,
      subject: doing.subject ?? doing.host,
      host: doing.host,
      hint: "Tell the registry its outer address (proxy header X-Forwarded-Proto), so that it answers with https addresses.",
    });
  }
  to.username = "";
  to.password = "";
  to.hash = "";
  return to;
}

/** Headers for the origin that a request was made for. */
export function headersFor(request: Pick<HttpRequest, "headers">, authorization: string | undefined): Record<string, string> {
  return { ...request.headers, ...(authorization === undefined ? {} : { authorization }) };
}

/** Headers for any other origin: credentials stay with the one they were meant for, also those of a token request. */
export function withoutCredentials(request: Pick<HttpRequest, "headers">): Record<string, string> {
  const { authorization: _, ...rest } = request.headers ?? {};
  return rest;
}

/** Only requests without a streamed body, and only reads, follow a redirect by themselves. */
export function followsRedirects(method: HttpMethod): boolean {
  return method === "GET" || method === "HEAD";
}

function fault(doing: Doing, why: string): OciError {
  return new OciError({
    code: "PROTOCOL_ERROR",
    message: `Cannot ${doing.action} from ${doing.host}: ${why}`,
    subject: doing.subject ?? doing.host,
    host: doing.host,
  });
}
