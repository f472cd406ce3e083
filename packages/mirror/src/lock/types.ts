import type { Digest } from "@skerry/oci";
import type { LockedImage, MissingImage, PlannedCatalog } from "../plan/types.ts";
import type { Problem } from "../problem/problem.ts";

/** Names that the cluster's resources will have, so that both sides of a gap generate the same ones. */
export interface LockedResources {
  readonly catalogSources: readonly { readonly name: string; readonly catalog: string; readonly targetRef: string }[];
  readonly idms: readonly string[];
  readonly itms: readonly string[];
}

/**
 * The result of a plan as data, every tag resolved: the only thing that a later step reads. It names no target and no path,
 * so that it serves any target, and two locks differ only where their content does.
 */
export interface ImageSetLock {
  readonly apiVersion: "skerry.dev/v1";
  readonly kind: "ImageSetLock";
  readonly imageSet: { readonly name: string; readonly configDigest: Digest };
  readonly createdAt: string;
  readonly skerryVersion: string;
  /** Platforms asked for with `--platform`; empty: all. */
  readonly platforms: readonly string[];
  readonly referrers: "all" | "none";
  readonly catalogs: readonly PlannedCatalog[];
  /** Sorted by origin. */
  readonly images: readonly LockedImage[];
  /** What was asked for and could not be resolved, sorted by origin. */
  readonly missing: readonly MissingImage[];
  /** Every blob and manifest, once each, sorted by digest. */
  readonly blobs: readonly { readonly digest: Digest; readonly bytes: number }[];
  readonly resources: LockedResources;
  readonly problems: readonly Problem[];
}

/** Media type of a lock that is stored in a registry. */
export const LOCK_MEDIA_TYPE = "application/vnd.skerry.imageset.lock.v1+json";
