import type { Descriptor } from "../model/descriptor.ts";
import type { Digest } from "../model/digest.ts";
import type { ByteSource } from "./types.ts";

/** Content found by its digest, wherever it lies: a folder, a tar, another tool's store. */
export interface Content {
  /** Size in bytes, or undefined when it is not there. */
  size(digest: Digest): Promise<number | undefined>;
  /**
   * Small content whole, verified.
   * @throws OciError `NOT_FOUND`, `MANIFEST_TOO_LARGE`, `DIGEST_MISMATCH`
   */
  small(digest: Digest): Promise<Uint8Array>;
  source(descriptor: Pick<Descriptor, "digest" | "size">): ByteSource;
}
