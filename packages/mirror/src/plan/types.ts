import type { Digest } from "@skerry/oci";
import type { Problem } from "../problem/problem.ts";

/** Why an image is in the set. A closed vocabulary. */
export interface Reason {
  readonly catalog?: string;
  readonly package?: string;
  readonly channel?: string;
  readonly bundle?: string;
  readonly field?: string;
}

export const IMAGE_KINDS = ["catalog", "bundle", "related", "additional", "release", "graph", "sample", "chart"] as const;

export type ImageKind = (typeof IMAGE_KINDS)[number];

/** Repository (without the target's host and prefix) and tag at the destination. */
export interface Destination {
  readonly repository: string;
  readonly tag: string;
}

/** An image that the set asks for, before the network was asked about it. */
export interface PlannedImage {
  /** Canonical source reference, or `oci:PATH` for a layout on disk. */
  readonly origin: string;
  readonly kind: ImageKind;
  readonly destination: Destination;
  /** Platforms to keep of an index, `os/arch[/variant]`; empty: all. */
  readonly platforms: readonly string[];
  readonly reasons: readonly Reason[];
}

/** A channel as it will be in the written catalog. */
export interface KeptChannel {
  readonly name: string;
  readonly head: string;
  readonly versions: readonly { readonly version: string; readonly bundle: string; readonly image: string }[];
}

export interface KeptPackage {
  readonly name: string;
  readonly defaultChannel: string;
  readonly channels: readonly KeptChannel[];
}

/** One catalog of the set: what it is, what is kept of it, what it becomes. */
export interface PlannedCatalog {
  /** As written in the configuration. */
  readonly catalog: string;
  /** Digest of the source image; missing for a catalog that is a folder on disk. */
  readonly digest?: Digest;
  /** `REPOSITORY:TAG` at the destination, without the target's host and prefix. */
  readonly targetCatalog: string;
  /** Digest of the filtered catalog image. */
  readonly targetDigest: Digest;
  /** True when the source image is copied as it is. */
  readonly unchanged: boolean;
  /**
   * How the image was made: files over its source; from scratch with nothing but the files, for a cluster that extracts them;
   * or a database over its source, for a cluster that reads no files.
   */
  readonly mode: "over-source" | "scratch" | "database";
  /** Platforms that it was built for; empty: all of the source. */
  readonly platforms: readonly string[];
  /** Bytes of the written catalog's documents, for the memory target of its pod. */
  readonly bytes: number;
  readonly packages: readonly KeptPackage[];
}

/** What a child of an index is and whether it travels. */
export interface ChildImage {
  readonly digest: Digest;
  readonly platform: string;
  readonly copied: boolean;
}

/** Something that refers to an image: by `subject`, or by a cosign tag. */
export interface ReferrerImage {
  readonly digest: Digest;
  readonly artifactType: string;
  readonly mediaType: string;
  /** Size of its manifest in bytes. */
  readonly bytes: number;
  readonly subject: Digest;
  /** Its cosign tag, where that is what ties it. */
  readonly tag?: string;
}

/** An image with everything the network knew about it; a row of the lock. */
export interface LockedImage extends PlannedImage {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Size of the root manifest in bytes. */
  readonly manifestBytes: number;
  readonly children: readonly ChildImage[];
  readonly referrers: readonly ReferrerImage[];
  /** Bytes of everything that travels with it. */
  readonly totalBytes: number;
  /** Bytes that no earlier image of the list has. */
  readonly uniqueBytes: number;
}

/** An image that could not be resolved; its reason is a problem row. */
export interface MissingImage {
  readonly origin: string;
  readonly kind: ImageKind;
  readonly destination: Destination;
  readonly reasons: readonly Reason[];
  readonly code: Problem["code"];
  readonly message: string;
}

/** What leaving a package out would mean. */
export interface OperatorCost {
  readonly catalog: string;
  readonly package: string;
  readonly images: number;
  readonly uniqueBytes: number;
  readonly sharedBytes: number;
  readonly dropSavesBytes: number;
}
