import type { Digest } from "../model/digest.ts";

/** What is wrong with an archive. */
export interface ArchiveFinding {
  readonly code: "VOLUME_MISSING" | "VOLUME_SIZE" | "VOLUME_DAMAGED" | "TAR_WRONG" | "BLOB_DAMAGED";
  /** File name. */
  readonly volume: string;
  readonly message: string;
  /** Content that it concerns. */
  readonly digests: readonly Digest[];
}
