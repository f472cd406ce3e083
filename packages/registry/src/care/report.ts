import type { Digest } from "@skerry/oci";

/** What a collection did, or in a dry run would have done. */
export interface CollectionReport {
  readonly dryRun: boolean;
  readonly endedAt: string;
  /** Blobs that no manifest of their repository names any more. */
  readonly links: number;
  /** Blobs that no repository holds any more. */
  readonly blobs: number;
  readonly freedBytes: number;
  /** Uploads that nobody went on with. */
  readonly uploads: number;
  /** Blobs that are unused but too young, or that a push relies on. */
  readonly waiting: number;
}

export interface DamagedBlob {
  readonly digest: Digest;
  /** What its bytes hash to. */
  readonly found: Digest;
  readonly repositories: readonly string[];
  readonly outcome: "quarantined" | "repaired";
}

export interface ScrubReport {
  readonly endedAt: string;
  readonly checkedBlobs: number;
  readonly checkedBytes: number;
  /** Sorted by digest. */
  readonly damaged: readonly DamagedBlob[];
}

export interface RetentionReport {
  readonly dryRun: boolean;
  /** Sorted by repository and tag. */
  readonly tags: readonly { readonly repository: string; readonly tag: string; readonly digest: Digest; readonly rule: number }[];
  readonly manifests: readonly { readonly repository: string; readonly digest: Digest; readonly rule: number }[];
}

export interface BackupReport {
  readonly to: string;
  readonly repositories: number;
  readonly copiedBlobs: number;
  readonly copiedBytes: number;
  readonly presentBlobs: number;
}

export interface StatusReport {
  readonly root: string;
  readonly repositories: number;
  readonly tags: number;
  readonly manifests: number;
  readonly blobs: number;
  /** Bytes on disk, each blob once. */
  readonly uniqueBytes: number;
  /** Bytes that more than one repository holds, counted once less than they are held. */
  readonly sharedBytes: number;
  readonly quarantinedBlobs: number;
  readonly uploads: number;
  readonly freeBytes: number;
  readonly lastCollection?: CollectionReport;
  readonly lastScrub?: ScrubReport;
  readonly certificateEndsAt?: string;
}
