import { isOciError, OciError } from "../../errors.ts";

/**
 * The one place that translates errors of the file system: a full disk or quota becomes `NO_SPACE`, a missing file
 * `NOT_FOUND`, an abort `ABORTED`, everything else `IO_FAILED`. An `OciError` passes unchanged.
 * @param action what was being done, as in `write blob sha256:…`
 */
export function diskError(cause: unknown, action: string, path: string): OciError {
  if (isOciError(cause)) return cause;
  const code = errnoOf(cause);
  if (cause instanceof Error && cause.name === "AbortError") {
    return new OciError({ code: "ABORTED", message: `Stopped before it could ${action}`, subject: path, cause });
  }
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") {
    const why =
      code === "EFBIG"
        ? "the file system does not take files of this size"
        : code === "EDQUOT"
          ? "the quota is used up"
          : "the disk is full";
    return new OciError({
      code: "NO_SPACE",
      message: `Cannot ${action}: ${why} (${path})`,
      subject: path,
      hint: "Make room, then run the same command again: it continues where it stopped.",
      cause,
    });
  }
  if (code === "ENOENT")
    return new OciError({ code: "NOT_FOUND", message: `Cannot ${action}: ${path} does not exist`, subject: path, cause });
  const why =
    code === "EACCES" || code === "EPERM"
      ? "permission denied"
      : code === "EROFS"
        ? "the file system is read-only"
        : (code ?? String(cause));
  return new OciError({ code: "IO_FAILED", message: `Cannot ${action}: ${why} (${path})`, subject: path, cause });
}

/** `ENOENT`, `EEXIST` … of an error of the file system, else undefined. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
