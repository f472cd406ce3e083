import type { Descriptor } from "../model/descriptor.ts";
import type { Digest } from "../model/digest.ts";
import type { Manifest } from "../model/manifest.ts";
import type { Platform, PlatformFilter } from "../model/platform.ts";
import type { ManifestBytes } from "../store/types.ts";
import type { SignatureTags } from "./signature-tags.ts";

/** Why a manifest is in a graph: asked for, entry of an index, found as a referrer, or named by a cosign tag. */
export type GraphRole = "root" | "child" | "referrer" | "cosign";

/** One manifest of an image. */
export interface GraphManifest {
  readonly descriptor: Descriptor;
  /** The index that lists it, or the manifest it refers to. */
  readonly parent?: Digest;
  readonly role: GraphRole;
  readonly platform?: Platform;
  /** False for children that a platform filter leaves out: they are listed, and were not fetched. */
  readonly copied: boolean;
  /** Present when copied. */
  readonly manifest?: Manifest;
  /** The bytes as they came; present when copied. */
  readonly content?: ManifestBytes;
  /** The tag by which cosign finds it: `sha256-<hex>.sig`. */
  readonly tag?: string;
}

/** What a platform filter did to an image that is no index. */
export interface GraphProblem {
  readonly code: "PLATFORM_MISSING" | "REFERRER_MISSING";
  readonly subject: Digest;
  readonly message: string;
}

/** An image with everything that belongs to it. */
export interface ImageGraph {
  readonly root: Descriptor;
  /** Contents before what holds them: children before their index, referrers before their subject, the root last. */
  readonly manifests: readonly GraphManifest[];
  /** Every blob of the copied manifests, once. */
  readonly blobs: ReadonlyMap<Digest, Descriptor>;
  /** Foreign layers that stay where their `urls` say; not in `blobs`. */
  readonly external: ReadonlyMap<Digest, Descriptor>;
  /** Bytes of copied manifests and unique blobs. */
  readonly totalBytes: number;
  readonly problems: readonly GraphProblem[];
}

/** A referrer that is known beforehand, so that the source need not be asked. */
export interface KnownReferrer {
  readonly descriptor: Descriptor;
  readonly subject: Digest;
  /** Cosign tag, for one that was found by it. */
  readonly tag?: string;
}

/** Bounds against hostile graphs. */
export interface GraphLimits {
  /** Indexes inside indexes, and referrers of referrers. Default 8. */
  readonly depth?: number;
  /** Manifests in one graph. Default 20,000. */
  readonly manifests?: number;
  /** Blobs in one graph. Default 200,000. */
  readonly blobs?: number;
  /** Referrers of one subject. Default 1,000. */
  readonly referrers?: number;
}

export interface WalkOptions {
  /** Children of an index to take. Missing: all. */
  readonly platforms?: PlatformFilter | undefined;
  readonly referrers: "all" | "none";
  /** Known referrers; when given, nothing is asked of the source. */
  readonly known?: readonly KnownReferrer[] | undefined;
  /** `include` puts foreign layers among the blobs. Default keep. */
  readonly externalLayers?: "keep" | "include" | undefined;
  /** Cosign tags of the source, shared by the walks of one run. */
  readonly signatureTags?: SignatureTags | undefined;
  readonly limits?: GraphLimits | undefined;
  readonly signal?: AbortSignal | undefined;
}
