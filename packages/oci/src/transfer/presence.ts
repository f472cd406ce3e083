import type { Digest } from "../model/digest.ts";
import type { Platform, PlatformFilter } from "../model/platform.ts";

/** What is asked of a record about a root: exactly what this run wants to be there. */
export interface Asked {
  readonly digest: Digest;
  readonly platforms?: PlatformFilter | undefined;
  readonly referrers: "all" | "none";
  /** Referrers that have to be there, where they are known. */
  readonly known?: readonly Digest[] | undefined;
}

/** What a run put at a target, or found there by a look: a root and all that went with it. */
export interface RootRecord {
  readonly digest: Digest;
  /** Every manifest that is there with it: children, referrers, cosign tags. */
  readonly manifests: readonly Digest[];
  /** Platforms of the children that were left out. */
  readonly skipped: readonly Platform[];
  readonly referrers: "all" | "none";
}

/** What earlier runs put at targets. `target` is the store's name. */
export interface PresenceRecord {
  /** Whether any run put anything at this target. */
  knows(target: string): boolean;
  hasBlob(target: string, repository: string, digest: Digest): boolean;
  /** A repository at the target that holds the blob, to mount it from. */
  holder(target: string, digest: Digest): string | undefined;
  /** True only when everything asked for was there: children of these platforms, these referrers. */
  covers(target: string, repository: string, asked: Asked): boolean;
  addBlob(target: string, repository: string, digest: Digest): void;
  addRoot(target: string, repository: string, root: RootRecord): void;
  /** Waits until what was added is on disk. */
  flush(): Promise<void>;
}

/** Whether a record answers a question: the comparison that every {@link PresenceRecord} makes. */
export function rootCovers(record: RootRecord, asked: Asked): boolean {
  if (record.digest !== asked.digest) return false;
  if (asked.referrers === "all" && record.referrers === "none") return false;
  const { platforms } = asked;
  if (record.skipped.some((platform) => platforms === undefined || platforms(platform))) return false;
  const there = new Set(record.manifests);
  return (asked.known ?? []).every((digest) => there.has(digest));
}
