import { OciError } from "../errors.ts";
import { digestOf } from "../hash.ts";
import { type Digest, digestAlgorithm } from "../model/digest.ts";
import { MAX_MANIFEST_BYTES } from "../model/manifest.ts";

/** Where small content was found. */
export interface SmallContent {
  /** For messages: a path, or a place inside an archive. */
  readonly where: string;
  readonly size: number;
  read(): Promise<Uint8Array>;
}

/**
 * Reads a manifest that lies on a disk, verified.
 * @throws OciError `NOT_FOUND` when `found` is undefined, `MANIFEST_TOO_LARGE`, `DIGEST_MISMATCH`
 */
export async function readSmall(digest: Digest, found: SmallContent | undefined): Promise<Uint8Array> {
  if (found === undefined) throw new OciError({ code: "NOT_FOUND", message: `Cannot read ${digest}: it is not there`, subject: digest });
  if (found.size > MAX_MANIFEST_BYTES) {
    throw new OciError({
      code: "MANIFEST_TOO_LARGE",
      message: `Cannot read manifest ${digest}: it has ${found.size} bytes, at most ${MAX_MANIFEST_BYTES} are read`,
      subject: digest,
    });
  }
  const bytes = await found.read();
  const got = digestOf(bytes, digestAlgorithm(digest));
  if (got === digest) return bytes;
  throw new OciError({
    code: "DIGEST_MISMATCH",
    message: `Content of ${digest} is damaged: ${found.where} hashes to ${got}`,
    subject: digest,
    hint: "Copy it again from its source.",
  });
}
