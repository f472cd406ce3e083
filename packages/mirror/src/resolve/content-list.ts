import type { Digest } from "@skerry/oci";

/**
 * Manifests and blobs of one image with their sizes. A plan holds one list per image until its end: two arrays take a third of
 * what a map does, and digests that many images have (base layers) are kept once.
 */
export class ContentList implements Iterable<readonly [digest: Digest, bytes: number]> {
  readonly #digests: Digest[];
  readonly #sizes: readonly number[];

  constructor(content: ReadonlyMap<Digest, number>) {
    this.#digests = [...content.keys()];
    this.#sizes = [...content.values()];
  }

  /** Replaces digests by equal ones that were met before. */
  share(known: Map<Digest, Digest>): void {
    for (const [index, digest] of this.#digests.entries()) {
      const before = known.get(digest);
      if (before === undefined) known.set(digest, digest);
      else this.#digests[index] = before;
    }
  }

  *[Symbol.iterator](): Generator<readonly [digest: Digest, bytes: number]> {
    for (const [index, digest] of this.#digests.entries()) yield [digest, this.#sizes[index] ?? 0];
  }
}
