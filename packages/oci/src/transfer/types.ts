import type { OciError } from "../errors.ts";
import type { Gates } from "../gate.ts";
import type { KnownReferrer } from "../graph/types.ts";
import type { Descriptor } from "../model/descriptor.ts";
import type { Digest } from "../model/digest.ts";
import type { PlatformFilter } from "../model/platform.ts";
import type { Place, Reader } from "../store/types.ts";
import type { PresenceRecord } from "./presence.ts";

/** One image to be at the target: what, from where, to where. */
export interface Root {
  /** Stable name of this root in outcomes and events, unique in a run. */
  readonly id: string;
  readonly source: Reader;
  readonly from: Place;
  readonly descriptor: Descriptor;
  readonly to: Place;
  /** Tags that name it at the target; put last. May be empty. */
  readonly tags: readonly string[];
  /** Roots of a later phase start when every root of the earlier ones has ended: catalogs go last of all. */
  readonly phase?: number;
  /** Children of an index to take; the index itself keeps its bytes. Missing: all. */
  readonly platforms?: PlatformFilter;
  /** Copy what refers to it (referrers, cosign tags), recursively. */
  readonly referrers: "all" | "none";
  /** What refers to it, when a plan or lock knows; then nothing is asked of the source. Only with `referrers: "all"`. */
  readonly known?: readonly KnownReferrer[];
  /**
   * What its tags named at the target a moment ago, one for each of `tags`: then it is not asked again. For who could ask while
   * the source was being found.
   */
  readonly looked?: Promise<readonly (Descriptor | undefined)[]>;
  /** Asked just before its first write; a message refuses the root (a catalog whose images failed). */
  readonly guard?: (outcomes: ReadonlyMap<string, RootOutcome>) => string | undefined;
}

export type RootResult = "copied" | "present" | "mounted" | "skipped" | "failed";

/** How one root ended. */
export interface RootOutcome {
  readonly id: string;
  readonly outcome: RootResult;
  readonly descriptor: Descriptor;
  readonly error?: OciError;
  /** Why it was skipped. */
  readonly reason?: string;
}

/** Totals of a run. Bytes are counted once per blob and destination. */
export interface Moved {
  readonly blobs: number;
  readonly bytes: number;
  readonly manifests: number;
  readonly mountedBlobs: number;
  readonly mountedBytes: number;
  readonly presentBlobs: number;
  readonly presentBytes: number;
}

export interface TransferReport {
  /** In the order of the roots; roots that an interrupted run did not begin are left out. */
  readonly outcomes: readonly RootOutcome[];
  readonly moved: Moved;
  /** Blob copies that were begun again or continued after a failure, beyond what the stores retried themselves. */
  readonly retries: number;
  readonly interrupted: boolean;
}

/** What happens during a run, for progress displays. Names follow the event lines of the command line's contract. */
export type TransferEvent =
  | { readonly event: "image.start"; readonly id: string }
  | { readonly event: "image.end"; readonly id: string; readonly outcome: RootOutcome }
  | { readonly event: "blob.start"; readonly digest: Digest; readonly size: number; readonly to: string }
  | { readonly event: "blob.bytes"; readonly digest: Digest; readonly bytes: number }
  | {
      readonly event: "blob.end";
      readonly digest: Digest;
      readonly size: number;
      readonly how: "copied" | "mounted" | "present" | "failed";
    }
  | { readonly event: "retry"; readonly subject: string; readonly error: OciError; readonly attempt: number };

export interface TransferOptions {
  /** Bounds requests per host; source and target slot of a copy are taken together, in host order. */
  readonly gates?: Gates | undefined;
  /** Images that are worked on at the same time. Default 64. */
  readonly window?: number | undefined;
  /** Blobs that are copied at the same time. Default 32. */
  readonly concurrency?: number | undefined;
  /** Blobs that are copied from one host (or disk) at the same time. Default: what the host's gate lets through (a disk: the target's), else 8. */
  readonly perHost?: number | undefined;
  /** Tries of one blob, the first included. Default 5. */
  readonly tries?: number | undefined;
  /** Milliseconds before the second try of a blob, doubled before each further one. Default 200. */
  readonly backoffMs?: number | undefined;
  /** What earlier runs put at this target. */
  readonly journal?: PresenceRecord | undefined;
  /** Trust no record and no parent: look at every child and every blob. */
  readonly recheck?: boolean | undefined;
  /** `include` copies foreign layers too. Default keep. */
  readonly externalLayers?: "keep" | "include" | undefined;
  /**
   * Asked before each blob is copied, as for a time window: a text keeps it from starting, and its image is skipped for that
   * reason. Blobs in flight go on; looks and mounts are not asked about.
   */
  readonly hold?: (() => string | undefined) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: TransferEvent) => void) | undefined;
}
