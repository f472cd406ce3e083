import { isOciError, type OciError } from "@skerry/oci";
import type { PlannedImage } from "../plan/types.ts";
import type { Problem, ProblemCode } from "../problem/problem.ts";

/** The row for an image that its source does not give. */
export function unresolved(image: PlannedImage, error: OciError): Problem {
  const reason = image.reasons[0] ?? {};
  const code = codeOf(error);
  return {
    code,
    severity: "error",
    subject: image.origin,
    ...reason,
    original: image.origin,
    action: "dropped",
    waived: false,
    message: `${error.message}${error.status === undefined ? "" : ` (HTTP ${error.status}${error.registryCode === undefined ? "" : ` ${error.registryCode}`})`}`,
    hint: error.hint ?? HINTS[code] ?? "Run again later; what is there already is not fetched again.",
  };
}

/** Passes on what is not about one image: an abort, a fault of the program. */
export function asImageError(error: unknown): OciError {
  if (isOciError(error) && !isOwnFault(error)) return error;
  throw error;
}

/** True for what says nothing about what others published: an abort, or a full, broken or locked disk of this machine. */
export function isOwnFault(error: unknown): boolean {
  for (let fault = error, depth = 0; fault instanceof Error && depth < 5; fault = fault.cause, depth += 1) {
    // A registry that has no room is not this machine.
    if ("code" in fault && OWN_FAULTS.has(String(fault.code)) && !isOfRegistry(fault)) return true;
  }
  return false;
}

function isOfRegistry(fault: Error): boolean {
  return isOciError(fault) && fault.code === "NO_SPACE" && fault.host !== undefined;
}

const OWN_FAULTS: ReadonlySet<string> = new Set([
  "ABORTED",
  "NO_SPACE",
  "IO_FAILED",
  "BUSY",
  "CONFIG_INVALID",
  "ENOSPC",
  "EDQUOT",
  "EROFS",
  "EIO",
]);

const HINTS: Partial<Record<ProblemCode, string>> = {
  IMAGE_NOT_FOUND: "Check the name at its registry, leave the version out that needs it, or accept the gap with a waiver.",
  IMAGE_DENIED: "Log in to the registry with 'skerry login', or pass its pull secret with --authfile.",
  IMAGE_SCHEMA1: "Leave out the version that needs it; no current tool can serve this image.",
};

function codeOf(error: OciError): ProblemCode {
  switch (error.code) {
    case "UNAUTHORIZED":
    case "DENIED":
      return "IMAGE_DENIED";
    case "MANIFEST_SCHEMA1":
      return "IMAGE_SCHEMA1";
    case "BLOCKED":
      return "IMAGE_BLOCKED";
    default:
      return "IMAGE_NOT_FOUND";
  }
}
