import { CatalogError } from "../errors.ts";

/**
 * Runs something that writes to disk and tells a fault of the disk as one: full, read-only, gone.
 * @throws CatalogError `IO_FAILED`; every other error as it is
 */
export async function onDisk<T>(what: { readonly action: string; readonly path: string }, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    const isFull = cause.code === "ENOSPC" || cause.code === "EDQUOT" || ("errcode" in cause && cause.errcode === SQLITE_FULL);
    throw new CatalogError({
      code: "IO_FAILED",
      message: `Cannot ${what.action} ${what.path}: ${isFull ? "the disk is full" : cause.message}`,
      subject: what.path,
      hint: isFull ? "Free some space, or use a workspace on another disk." : "Check the folder and its permissions.",
      cause,
    });
  }
}

/** SQLite's result code for a full disk. */
const SQLITE_FULL = 13;

function isSystemError(error: unknown): error is Error & { readonly code: string } {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return false;
  return "errno" in error || error.code === "ERR_SQLITE_ERROR";
}
