import type { Digest } from "@skerry/oci";

/** What the far side of a gap has already, by what it told or by an earlier lock. */
export interface FarSide {
  /** Blobs, each with the repositories that hold it there. */
  readonly blobs: ReadonlyMap<Digest, readonly string[]>;
  /** For the contents: digest of the lock or the have-list that said so. */
  readonly base: { readonly lockDigest?: string; readonly haveDigest?: string };
}

/** Nothing is known of the far side: the archive is whole in itself. */
export const NOTHING_THERE: FarSide = { blobs: new Map(), base: {} };
