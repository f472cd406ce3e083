import { OciError } from "../errors.ts";

declare const digestBrand: unique symbol;

/** `algorithm:hex` as it appears in descriptors, checked by {@link parseDigest}. Image-spec, "Digests". */
export type Digest = string & { readonly [digestBrand]: true };

/** Hash algorithms that image-spec registers and this package verifies. */
export type DigestAlgorithm = "sha256" | "sha512";

const HEX_LENGTH: Readonly<Record<string, number>> = { sha256: 64, sha512: 128 };

/** True when `text` is a sha256 or sha512 digest in its one canonical (lower-case) form. */
export function isDigest(text: string): text is Digest {
  const colon = text.indexOf(":");
  const length = Object.hasOwn(HEX_LENGTH, text.slice(0, colon)) ? HEX_LENGTH[text.slice(0, colon)] : undefined;
  return length !== undefined && text.length === colon + 1 + length && /^[0-9a-f]+$/.test(text.slice(colon + 1));
}

/**
 * Reads a digest.
 * @throws OciError `DIGEST_INVALID` for another algorithm, a wrong length or anything but lower-case hex
 */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) {
    throw new OciError({
      code: "DIGEST_INVALID",
      message: `Cannot read digest ${JSON.stringify(text.slice(0, 200))}: expected sha256:<64 hex> or sha512:<128 hex> in lower case`,
      subject: text.slice(0, 200),
    });
  }
  return text;
}

/** `sha256` of `sha256:abc…`. */
export function digestAlgorithm(digest: Digest): DigestAlgorithm {
  return digest.slice(0, digest.indexOf(":")) as DigestAlgorithm;
}

/** `abc…` of `sha256:abc…`. */
export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(":") + 1);
}
