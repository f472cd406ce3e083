import { OciError } from "../errors.ts";
import { digestOf } from "../hash.ts";
import type { Descriptor } from "../model/descriptor.ts";
import { digestAlgorithm } from "../model/digest.ts";
import type { ManifestBytes } from "./types.ts";

/**
 * Refuses manifest bytes that are not what the descriptor says.
 * @throws OciError `DIGEST_MISMATCH`, `SIZE_MISMATCH`
 */
export function checkManifest(descriptor: Pick<Descriptor, "digest" | "size">, manifest: ManifestBytes): void {
  const got = digestOf(manifest.bytes, digestAlgorithm(descriptor.digest));
  if (got === descriptor.digest && manifest.bytes.byteLength === descriptor.size) return;
  throw new OciError({
    code: got === descriptor.digest ? "SIZE_MISMATCH" : "DIGEST_MISMATCH",
    message: `Cannot store manifest ${descriptor.digest}: expected ${descriptor.size} bytes of that digest, got ${manifest.bytes.byteLength} bytes of ${got}`,
    subject: descriptor.digest,
  });
}
