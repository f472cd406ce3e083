import { createHash, type Hash } from "node:crypto";
import { OciError } from "./errors.ts";
import { type Digest, type DigestAlgorithm, digestAlgorithm } from "./model/digest.ts";

/** Digest of bytes that are already in memory. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = "sha256"): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}` as Digest;
}

/** A running hash whose result is a {@link Digest}. */
export class Hasher {
  readonly #hash: Hash;
  readonly #algorithm: DigestAlgorithm;
  /** Bytes seen so far. */
  size = 0;

  constructor(algorithm: DigestAlgorithm = "sha256") {
    this.#algorithm = algorithm;
    this.#hash = createHash(algorithm);
  }

  update(chunk: Uint8Array): void {
    this.size += chunk.byteLength;
    this.#hash.update(chunk);
  }

  /** Ends the hash; call once. */
  digest(): Digest {
    return `${this.#algorithm}:${this.#hash.digest("hex")}` as Digest;
  }
}

/** What a stream has to amount to. */
export interface Expected {
  readonly digest: Digest;
  readonly size: number;
}

/**
 * Passes chunks on and checks size and digest while they pass. The chunk that completes the content is checked before it is
 * handed on, so that a consumer that knows the length never receives the whole of damaged content; the stream breaks off as
 * soon as it is too long.
 * @throws OciError `SIZE_MISMATCH` or `DIGEST_MISMATCH`
 */
export async function* verified(body: AsyncIterable<Uint8Array>, expected: Expected): AsyncGenerator<Uint8Array> {
  const hasher = new Hasher(digestAlgorithm(expected.digest));
  let checked = false;
  for await (const chunk of body) {
    if (chunk.byteLength === 0) continue;
    hasher.update(chunk);
    if (hasher.size > expected.size) throw sizeMismatch(expected, hasher.size);
    if (hasher.size === expected.size) {
      checkExpected(hasher, expected);
      checked = true;
    }
    yield chunk;
  }
  if (!checked) checkExpected(hasher, expected);
}

/** Compares a finished hash with what was promised. */
export function checkExpected(hasher: Hasher, expected: Expected): void {
  if (hasher.size !== expected.size) throw sizeMismatch(expected, hasher.size);
  const got = hasher.digest();
  if (got !== expected.digest) {
    throw new OciError({
      code: "DIGEST_MISMATCH",
      message: `Content of ${expected.digest} is damaged: its bytes hash to ${got}`,
      subject: expected.digest,
      hint: "Run again; if it stays, the source holds damaged content.",
    });
  }
}

function sizeMismatch(expected: Expected, got: number): OciError {
  return new OciError({
    code: "SIZE_MISMATCH",
    message: `Content of ${expected.digest} has the wrong length: expected ${expected.size} bytes, received ${got}${got > expected.size ? " or more" : ""}`,
    subject: expected.digest,
  });
}
