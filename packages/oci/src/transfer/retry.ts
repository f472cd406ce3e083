import { setTimeout as sleep } from "node:timers/promises";
import { isOciError, OciError } from "../errors.ts";

/** Whether another try of the same copy may succeed: broken connections, busy servers, damage on the way. */
export function isWorthRetrying(error: OciError): boolean {
  switch (error.code) {
    case "UNREACHABLE":
    case "STALLED":
    case "RATE_LIMITED":
    case "SERVER_ERROR":
    case "PROTOCOL_ERROR":
    case "DIGEST_MISMATCH":
    case "SIZE_MISMATCH":
      return true;
    default:
      // Upload sessions vanish behind load balancers (Harbor on S3), and damage on the way to the target shows as its own digest error.
      return (
        error.registryCode === "BLOB_UPLOAD_UNKNOWN" ||
        error.registryCode === "BLOB_UPLOAD_INVALID" ||
        error.registryCode === "DIGEST_INVALID"
      );
  }
}

/** Waits before try number `attempt` (from 2): 0.2 s, 0.4 s, 0.8 s … with jitter, at most 10 s. */
export async function pause(attempt: number, signal: AbortSignal | undefined): Promise<void> {
  const base = Math.min(10_000, 200 * 2 ** (attempt - 2));
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

/** `ABORTED` when the signal says so. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new OciError({ code: "ABORTED", message: "Stopped before it was finished" });
}
