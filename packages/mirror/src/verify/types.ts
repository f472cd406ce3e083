import type { Digest } from "@skerry/oci";

/** Whom a finding concerns. */
export interface Concerned {
  /** Origins of the images that need it, sorted. */
  readonly images: readonly string[];
  /** Packages that need those images, sorted. */
  readonly packages: readonly string[];
}

export interface MissingFinding extends Concerned {
  readonly repository: string;
  readonly digest: Digest | string;
  readonly what: "manifest" | "blob" | "tag" | "catalogEntry";
  readonly message: string;
}

export interface WrongFinding extends Concerned {
  readonly repository: string;
  readonly digest: Digest;
  readonly expected: string;
  readonly found: string;
}

export interface ExtraFinding extends Concerned {
  readonly repository: string;
  readonly digest: string;
}

/** The answer of `skerry verify`. */
export interface VerifyReport {
  readonly target: string;
  readonly result: "ok" | "bad";
  readonly checked: {
    readonly roots: number;
    readonly manifests: number;
    readonly blobs: number;
    readonly bytes: number;
    readonly deep: boolean;
  };
  readonly missing: readonly MissingFinding[];
  readonly wrong: readonly WrongFinding[];
  readonly extra: readonly ExtraFinding[];
}
