import type { Digest } from "@skerry/oci";
import type { RegistryStore } from "../store/store.ts";
import { ApiError } from "./api-error.ts";

const LOOK_EVERY_MS = 1000;
const COUNT_EVERY_MS = 60_000;

export interface SpaceLimits {
  /** Uploads are refused when less would be left; by default 256 MiB or two hundredths of the disk, whichever is less. */
  readonly minFreeBytes?: number;
  /** Bytes by repository prefix: `team` stands for `team` and everything below it. Blobs count once per prefix. */
  readonly quotas?: Readonly<Record<string, number>>;
}

const MOST_KEPT_FREE = 256 * 1024 * 1024;
const SHARE_KEPT_FREE = 0.02;

/** Refuses uploads before the disk is full, and beyond what a prefix of repositories may hold. */
export class SpaceGuard {
  readonly #store: RegistryStore;
  readonly #limits: SpaceLimits;
  #looked: { at: number; freeBytes: number; totalBytes: number } | undefined;
  readonly #used = new Map<string, { at: number; bytes: number }>();

  constructor(store: RegistryStore, limits: SpaceLimits) {
    this.#store = store;
    this.#limits = limits;
  }

  /** Free bytes, as of a second ago at most, less what was let in since. */
  async freeBytes(): Promise<number> {
    return (await this.#look()).freeBytes;
  }

  /** @throws ApiError `INSUFFICIENT_STORAGE`, `DENIED` */
  async check(repository: string, bytes: number): Promise<void> {
    const looked = await this.#look();
    const { freeBytes, totalBytes } = looked;
    const kept = this.#limits.minFreeBytes ?? Math.min(MOST_KEPT_FREE, totalBytes * SHARE_KEPT_FREE);
    if (freeBytes - bytes < kept) {
      throw new ApiError("INSUFFICIENT_STORAGE", {
        detail: `${freeBytes} bytes are free, ${bytes} are asked for and ${Math.round(kept)} stay free.`,
      });
    }
    looked.freeBytes -= bytes;
    for (const [prefix, limit] of Object.entries(this.#limits.quotas ?? {})) {
      if (!isBelow(repository, prefix)) continue;
      const used = await this.#usedBelow(prefix);
      if (used.bytes + bytes > limit) {
        throw new ApiError("DENIED", { detail: `${prefix} may hold ${limit} bytes, holds ${used.bytes}, and ${bytes} are asked for.` });
      }
      used.bytes += bytes;
    }
  }

  async #look(): Promise<{ freeBytes: number; totalBytes: number }> {
    const now = this.#store.now();
    if (this.#looked !== undefined && now - this.#looked.at < LOOK_EVERY_MS) return this.#looked;
    this.#looked = { at: now, ...(await this.#store.durable.files.space(this.#store.layout.root)) };
    return this.#looked;
  }

  /** Counted anew now and then; in between what was let in is added. */
  async #usedBelow(prefix: string): Promise<{ bytes: number }> {
    const now = this.#store.now();
    const known = this.#used.get(prefix);
    if (known !== undefined && now - known.at < COUNT_EVERY_MS) return known;
    const digests = new Set<Digest>();
    for (const repository of await this.#store.links.repositories()) {
      if (isBelow(repository, prefix)) for (const digest of await this.#store.links.of(repository)) digests.add(digest);
    }
    let bytes = 0;
    for (const digest of digests) bytes += (await this.#store.blobs.size(digest)) ?? 0;
    const counted = { at: now, bytes };
    this.#used.set(prefix, counted);
    return counted;
  }
}

function isBelow(repository: string, prefix: string): boolean {
  const bare = prefix.replace(/\/+$/, "");
  return bare === "" || repository === bare || repository.startsWith(`${bare}/`);
}
