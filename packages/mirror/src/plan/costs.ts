import type { Digest } from "@skerry/oci";
import type { OperatorCost, Reason } from "./types.ts";

/** Blobs and manifests of one image, as the walk found them. */
export interface ImageContent {
  readonly reasons: readonly Reason[];
  readonly content: Iterable<readonly [digest: Digest, bytes: number]>;
}

/**
 * Counts what each package costs: bytes that it needs, those that other packages or images need too, and what leaving it out
 * would save. Memory: one small entry per distinct blob.
 */
export class CostCounter {
  readonly #packages = new Map<string, { catalog: string; package: string; images: number; index: number }>();
  /** Owners of a blob: indexes of packages; -1 is everything that belongs to no package. */
  readonly #owners = new Map<Digest, { readonly bytes: number; owners: readonly number[] }>();

  /** Adds an image; returns its bytes in all, and those that no earlier image had. */
  add(image: ImageContent): { readonly totalBytes: number; readonly uniqueBytes: number } {
    const owners = this.#ownersOf(image.reasons);
    let totalBytes = 0;
    let uniqueBytes = 0;
    for (const [digest, bytes] of image.content) {
      totalBytes += bytes;
      const known = this.#owners.get(digest);
      if (known === undefined) uniqueBytes += bytes;
      // Blobs of one image share its list of owners until another image needs one of them too.
      if (known === undefined) this.#owners.set(digest, { bytes, owners });
      else if (owners.some((owner) => !known.owners.includes(owner))) known.owners = [...new Set([...known.owners, ...owners])];
    }
    return { totalBytes, uniqueBytes };
  }

  /** Every distinct blob and manifest with its size, sorted by digest. */
  blobs(): { digest: Digest; bytes: number }[] {
    return Array.from(this.#owners, ([digest, { bytes }]) => ({ digest, bytes })).sort((a, b) => (a.digest < b.digest ? -1 : 1));
  }

  /** A row per package, sorted by catalog and name. */
  operators(): OperatorCost[] {
    const rows = [...this.#packages.values()].map((entry) => ({ ...entry, uniqueBytes: 0, sharedBytes: 0, dropSavesBytes: 0 }));
    for (const { bytes, owners } of this.#owners.values()) {
      for (const owner of owners) {
        const row = rows[owner];
        if (row === undefined) continue;
        row.uniqueBytes += bytes;
        if (owners.length === 1) row.dropSavesBytes += bytes;
        else row.sharedBytes += bytes;
      }
    }
    return rows
      .map(({ index: _index, ...row }) => row)
      .sort((a, b) => (a.catalog < b.catalog ? -1 : a.catalog > b.catalog ? 1 : a.package < b.package ? -1 : 1));
  }

  #ownersOf(reasons: readonly Reason[]): number[] {
    const owners = new Set<number>();
    for (const reason of reasons) {
      if (reason.package === undefined) {
        owners.add(-1);
        continue;
      }
      const key = `${reason.catalog ?? ""}\0${reason.package}`;
      let entry = this.#packages.get(key);
      if (entry === undefined) {
        entry = { catalog: reason.catalog ?? "", package: reason.package, images: 0, index: this.#packages.size };
        this.#packages.set(key, entry);
      }
      if (!owners.has(entry.index)) entry.images += 1;
      owners.add(entry.index);
    }
    return [...owners];
  }
}
