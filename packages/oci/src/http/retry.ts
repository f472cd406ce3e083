import { isOciError, type OciError } from "../errors.ts";
import type { Clock } from "./clock.ts";
import type { HttpMethod } from "./types.ts";

/** Statuses that another try may cure: timeouts, overload, gateways between us and the registry. */
const RETRYABLE_STATUS: ReadonlySet<number> = new Set([408, 425, 429, 499, 500, 502, 503, 504, 522]);

/** Faults of the wire that another try may cure. A refused or unknown host is only retried once it has answered before. */
const RETRYABLE_CODES: ReadonlySet<string> = new Set([
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "ECONNABORTED",
  "UND_ERR_SOCKET",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  "HPE_INVALID_EOF_STATE",
]);

/** Why another try follows. */
export interface RetryPause {
  readonly host: string;
  readonly method: HttpMethod;
  /** Tries so far. */
  readonly attempt: number;
  /** What the host asked for. */
  readonly pauseMs?: number | undefined;
  readonly error: OciError;
  readonly signal: AbortSignal | undefined;
}

const LONGEST_BACKOFF_MS = 30_000;
/** A host that asks for more than this is given up on: Docker Hub's pull limit lasts for hours. */
const LONGEST_RETRY_AFTER_MS = 15 * 60_000;

/** True for a status that is worth another try. */
export function isRetryableStatus(status: number): boolean {
  return RETRYABLE_STATUS.has(status);
}

/**
 * True when doing the same again may succeed. The one place where this is decided, for requests here and for whoever
 * repeats a broken-off {@link import("../store/types.ts").BlobWrite.append}.
 */
export function isTransient(error: unknown): boolean {
  if (!isOciError(error)) return false;
  switch (error.code) {
    case "STALLED":
      return true;
    case "RATE_LIMITED":
      return true;
    case "SERVER_ERROR":
      return (
        error.status === undefined ||
        error.status === 403 ||
        error.status === 413 ||
        error.status === 416 ||
        isRetryableStatus(error.status)
      );
    case "UNREACHABLE":
      return causeCodes(error).some((code) => RETRYABLE_CODES.has(code));
    default:
      return false;
  }
}

/** True when the host refused the connection or its name is unknown: worth retrying only where it has answered before. */
export function isAbsent(error: OciError): boolean {
  return error.code === "UNREACHABLE" && causeCodes(error).some((code) => code === "ECONNREFUSED" || code === "ENOTFOUND");
}

/**
 * True for bytes that are no HTTP. From a host that has answered before it is the tail of an earlier answer (a body after
 * HEAD), and another connection cures it.
 */
export function isGarbled(error: OciError): boolean {
  return error.code === "PROTOCOL_ERROR" && causeCodes(error).some((code) => code.startsWith("HPE_"));
}

/** Codes of an error and of its causes, outermost first. */
export function causeCodes(error: unknown): string[] {
  const codes: string[] = [];
  const pending: unknown[] = [error];
  for (let steps = 0; pending.length > 0 && steps < 20; steps++) {
    const current = pending.shift();
    if (!(current instanceof Error)) continue;
    if ("code" in current && typeof current.code === "string") codes.push(current.code);
    if (current instanceof AggregateError) pending.push(...(current.errors as unknown[]));
    pending.push(current.cause);
  }
  return codes;
}

/** Exponential back-off with jitter for attempt 1, 2, 3 …: half of it certain, half by chance. */
export function backoffMs(attempt: number, clock: Clock, baseMs: number): number {
  const full = Math.min(LONGEST_BACKOFF_MS, baseMs * 2 ** (attempt - 1));
  return full / 2 + (full / 2) * clock.random();
}

/** Milliseconds of a `Retry-After` header, in seconds or as an HTTP date (RFC 9110, 10.2.3). */
export function retryAfterMs(header: string | undefined, clock: Clock): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - clock.now());
}

/** Whether to obey the host's wish for a pause, or to give up. */
export function isBearablePause(ms: number): boolean {
  return ms <= LONGEST_RETRY_AFTER_MS;
}
