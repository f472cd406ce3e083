import { isOciError, OciError, type OciErrorCode } from "../errors.ts";
import { redactText, redactUrl } from "./redact.ts";
import { causeCodes } from "./retry.ts";

/** What was being done, for messages. */
export interface Doing {
  readonly action: string;
  readonly host: string;
  readonly subject?: string | undefined;
}

/** Error bodies are read up to this size: distribution's are small, proxies answer whole pages. */
export const MAX_ERROR_BODY: number = 64 * 1024;

const CERTIFICATE_CODES =
  /^(?:UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|CERT_|CRL_|ERROR_IN_C|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|HOSTNAME_MISMATCH|ERR_TLS_|ERR_SSL_)/;
/** What OpenSSL says when the answer to its greeting is text. */
const PLAIN_ANSWER =
  /^(?:EPROTO$|ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|ERR_SSL_HTTP_REQUEST|ERR_SSL_UNKNOWN_PROTOCOL)/;

/** Turns whatever undici, node:net and node:tls throw into an OciError. The one funnel for faults of the wire. */
export function transportFailure(cause: unknown, doing: Doing): OciError {
  const own = findOciError(cause);
  if (own !== undefined) return own;
  const codes = causeCodes(cause);
  const base = { subject: doing.subject ?? doing.host, host: doing.host, cause };
  const first = codes[0] ?? "";
  if (codes.some((code) => PLAIN_ANSWER.test(code)) && !codes.some((code) => code.startsWith("ERR_SSL_TLSV1"))) {
    return new OciError({
      ...base,
      code: "HTTPS_EXPECTED",
      message: `Cannot ${doing.action}: ${doing.host} speaks plain HTTP where HTTPS was expected`,
      hint: "Allow it with --tls-verify=false (or --insecure for the destination), or give the registry a certificate.",
    });
  }
  const certificate = codes.find((code) => CERTIFICATE_CODES.test(code));
  if (certificate !== undefined) {
    return new OciError({
      ...base,
      code: "TLS_FAILED",
      message: `Cannot ${doing.action}: the certificate of ${doing.host} is not trusted (${certificate}: ${redactText(messageOf(cause), 200)})`,
      hint: "Pass its CA with --ca FILE, put it under certs.d, or allow it with --tls-verify=false (--insecure for the destination).",
    });
  }
  if (first.startsWith("HPE_") && !first.startsWith("HPE_INVALID_EOF")) {
    return new OciError({
      ...base,
      code: "PROTOCOL_ERROR",
      message: `Cannot ${doing.action}: ${doing.host} answered something that is not HTTP (${first})`,
      hint: "Check host and port; an HTTPS registry asked over plain HTTP looks like this, too.",
    });
  }
  return new OciError({
    ...base,
    code: "UNREACHABLE",
    message: `Cannot ${doing.action}: ${reason(codes, cause)} (${doing.host})`,
    hint: unreachableHint(codes),
  });
}

/** The error for an attempt that stood still. */
export function stalled(doing: Doing, seconds: number): OciError {
  return new OciError({
    code: "STALLED",
    message: `Cannot ${doing.action}: ${doing.host} sent or took no byte for ${seconds} s`,
    subject: doing.subject ?? doing.host,
    host: doing.host,
    hint: "Allow longer silence with --stall-timeout, or look at the network in between.",
  });
}

/** The error for a caller that gave up. */
export function aborted(doing: Doing, reason: unknown): OciError {
  if (isOciError(reason)) return reason;
  return new OciError({
    code: "ABORTED",
    message: `Stopped before the end: ${doing.action}`,
    subject: doing.subject ?? doing.host,
    host: doing.host,
    cause: reason,
  });
}

/** Turns a status that nobody expected into an OciError, with the registry's own code and message. */
export function statusFailure(
  answer: { readonly status: number; readonly body: Uint8Array; readonly url: string },
  doing: Doing,
): OciError {
  const { code: registryCode, message } = registryError(answer.body);
  const { status } = answer;
  const isFull = status === 507 || (status === 500 && saysDiskFull(answer.body));
  const said = isFull ? ": its disk is full" : message === undefined ? "" : `: ${message}`;
  const named = registryCode === undefined ? "" : ` ${registryCode}`;
  const elsewhere =
    new URL(answer.url).host === doing.host ? doing.host : `${doing.host} (at ${redactUrl(answer.url.split("?")[0] ?? "")})`;
  const code = isFull ? "NO_SPACE" : codeOfStatus(status, registryCode);
  return new OciError({
    code,
    message: `Cannot ${doing.action}: ${elsewhere} answered ${status}${named}${said}`,
    subject: doing.subject ?? doing.host,
    host: doing.host,
    status,
    ...(registryCode === undefined ? {} : { registryCode }),
    ...hintOf(code, doing.host),
  });
}

/** First code and message of distribution's error JSON (distribution-spec "error codes"); tolerant, since proxies answer HTML. */
export function registryError(body: Uint8Array): { readonly code?: string; readonly message?: string } {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(body));
    const errors = field(parsed, "errors");
    const first: unknown = Array.isArray(errors) ? errors[0] : parsed;
    const code = field(first, "code");
    const message = field(first, "message") ?? field(first, "details") ?? field(first, "error_description");
    return {
      ...(typeof code === "string" && /^[A-Za-z0-9_ -]{1,80}$/.test(code) ? { code } : {}),
      ...(typeof message === "string" && message !== "" ? { message: redactText(message, 300) } : {}),
    };
  } catch {
    return {};
  }
}

/** ENOSPC on Linux. */
const NO_SPACE_LEFT = 28;

/**
 * distribution answers 500 UNKNOWN on a full disk. What it is stands in the detail only: as text, or as Go's error of the
 * system call with its number.
 */
function saysDiskFull(body: Uint8Array): boolean {
  const text = new TextDecoder().decode(body);
  return text.includes("no space left on device") || new RegExp(`"Err":\\s*${NO_SPACE_LEFT}\\s*}`).test(text);
}

function codeOfStatus(status: number, registryCode: string | undefined): OciErrorCode {
  if (status === 401) return "UNAUTHORIZED";
  // GitLab and Harbor answer 403 or 400 for what is only unknown; their codes say so.
  if (status === 404 || status === 410) return "NOT_FOUND";
  if (status === 403) return "DENIED";
  if (status === 405 || status === 501) return "UNSUPPORTED";
  if (status === 413) return "TOO_LARGE";
  if (status === 429 || registryCode === "TOOMANYREQUESTS") return "RATE_LIMITED";
  if (registryCode === "DIGEST_INVALID") return "DIGEST_MISMATCH";
  if (registryCode === "SIZE_INVALID") return "SIZE_MISMATCH";
  if (registryCode === "UNSUPPORTED") return "UNSUPPORTED";
  if (registryCode === "DENIED") return "DENIED";
  if (status >= 500 || status === 408 || status === 425 || status === 499) return "SERVER_ERROR";
  return "PROTOCOL_ERROR";
}

function hintOf(code: OciErrorCode, host: string): { hint?: string } {
  switch (code) {
    case "UNAUTHORIZED":
      return { hint: `Log in with: skerry login ${host}, or pass --authfile.` };
    case "DENIED":
      return { hint: `Check that the account has access to this repository on ${host}, and that the repository exists.` };
    case "RATE_LIMITED":
      return { hint: "Wait, lower --max-per-host, or log in for a higher limit." };
    case "NO_SPACE":
      return { hint: `Make room for the registry at ${host}, then run the same command again: what is there is not moved twice.` };
    case "SERVER_ERROR":
      return { hint: "Run again later; look at the registry's own log." };
    default:
      return {};
  }
}

function reason(codes: readonly string[], cause: unknown): string {
  const texts: Readonly<Record<string, string>> = {
    ECONNREFUSED: "the connection was refused",
    ENOTFOUND: "the host name is unknown",
    EAI_AGAIN: "the host name could not be looked up",
    ECONNRESET: "the connection was reset",
    EPIPE: "the connection was closed",
    ETIMEDOUT: "the connection timed out",
    UND_ERR_CONNECT_TIMEOUT: "the connection timed out",
    EHOSTUNREACH: "there is no route to the host",
    ENETUNREACH: "there is no route to the network",
    UND_ERR_SOCKET: "the connection was closed by the other side",
    UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "the answer ended early",
  };
  const known = codes.find((code) => Object.hasOwn(texts, code));
  return (known === undefined ? undefined : texts[known]) ?? redactText(messageOf(cause), 200);
}

function unreachableHint(codes: readonly string[]): string {
  if (codes.includes("ENOTFOUND")) return "Check the host name and the DNS of this machine.";
  if (codes.includes("ECONNREFUSED")) return "Check host and port, and that the registry is running.";
  return "Check the network, proxies (HTTPS_PROXY, NO_PROXY) and the registry's own log.";
}

function findOciError(cause: unknown): OciError | undefined {
  let current = cause;
  for (let depth = 0; depth < 10 && current instanceof Error; depth++) {
    if (isOciError(current)) return current;
    current = current.cause;
  }
  return undefined;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
