import { setTimeout as sleep } from "node:timers/promises";
import { isOciError, OciError } from "../errors.ts";
import { isTransient } from "../http/retry.ts";

/** Whether the content that arrived was not what was promised. */
export function isDamage(error: OciError): boolean {
  return error.code === "DIGEST_MISMATCH" || error.code === "SIZE_MISMATCH";
}

/** Whether another try of the same copy may succeed: what the wire did, damage on the way, upload sessions that vanished. */
export function isWorthRetrying(error: OciError): boolean {
  if (isTransient(error) || isDamage(error)) return true;
  // Harbor on S3 loses sessions; damage on the way to the target shows as its own digest error.
  return (
    error.registryCode === "BLOB_UPLOAD_UNKNOWN" || error.registryCode === "BLOB_UPLOAD_INVALID" || error.registryCode === "DIGEST_INVALID"
  );
}

/**
 * Whether a copy that failed for the `attempt`th time is begun again. A request that was repeated in vain has had its chances:
 * one more round of them, and none where each costs a stall's silence.
 */
export function isWorthAnotherRound(error: OciError, attempt: number): boolean {
  if (!isWorthRetrying(error)) return false;
  // A session that is lost may have been lost by a repetition whose first answer went astray.
  const wasRepeated = isTransient(error) && (error.tries ?? 0) > 1;
  return !wasRepeated || (attempt < 2 && error.code !== "STALLED");
}

/**
 * The answer to a look at the target that cannot tell what is there. docker-registry keeps empty links of what it was writing when
 * its disk was full, and answers 500 for each of them. What is not known to be there is brought, which writes the link anew.
 */
export function cannotTell(error: unknown): boolean {
  return isOciError(error) && error.status === 500;
}

/** How long to wait between tries. */
export interface Pace {
  /** Before the second try, in milliseconds; doubled before each further one, with jitter, at most 10 s. */
  readonly backoffMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Waits before try number `attempt`, from 2 on. An abort ends the wait. */
export async function pause(attempt: number, { backoffMs, signal }: Pace): Promise<void> {
  const base = Math.min(10_000, backoffMs * 2 ** (attempt - 2));
  await sleep(base * (0.5 + Math.random() / 2), undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}

/** Any error as an `OciError` that says which end of the copy failed. */
export function sided(error: unknown, side: "source" | "target"): OciError {
  if (isOciError(error)) return error.side === undefined ? error.with({ side }) : error;
  if (error instanceof Error && error.name === "AbortError") {
    return new OciError({ code: "ABORTED", message: "Stopped", side, cause: error });
  }
  const text = error instanceof Error ? error.message : String(error);
  return new OciError({ code: "IO_FAILED", message: `Unexpected failure at the ${side}: ${text}`, side, cause: error });
}

/** `ABORTED` where the signal's own reason is what failed, wrapped or not: a person who stops a run is no fault of either end. */
export function stoppedBy(error: unknown, signal: AbortSignal | undefined): OciError | undefined {
  if (signal?.aborted !== true) return undefined;
  const isReason = error === signal.reason || (isOciError(error) && error.cause === signal.reason);
  return isReason ? stopped() : undefined;
}

/** `ABORTED` when the signal says so. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw stopped();
}

function stopped(): OciError {
  return new OciError({ code: "ABORTED", message: "Stopped before it was finished" });
}

/** `ABORTED` with the reason for which no blob may start now. */
export function throwIfHeld(hold: (() => string | undefined) | undefined): void {
  const reason = hold?.();
  if (reason !== undefined) throw new OciError({ code: "ABORTED", message: reason });
}
