import type { Moved } from "./types.ts";

/** How a blob came to be at the target. */
export type BlobOutcome = "copied" | "mounted" | "present";

/** Running totals of a run. */
export class Tally {
  #moved: Moved = { blobs: 0, bytes: 0, manifests: 0, mountedBlobs: 0, mountedBytes: 0, presentBlobs: 0, presentBytes: 0 };
  retries = 0;

  get moved(): Moved {
    return this.#moved;
  }

  blob(how: BlobOutcome, size: number): void {
    const now = this.#moved;
    if (how === "copied") this.#moved = { ...now, blobs: now.blobs + 1, bytes: now.bytes + size };
    else if (how === "mounted") this.#moved = { ...now, mountedBlobs: now.mountedBlobs + 1, mountedBytes: now.mountedBytes + size };
    else this.#moved = { ...now, presentBlobs: now.presentBlobs + 1, presentBytes: now.presentBytes + size };
  }

  manifest(): void {
    this.#moved = { ...this.#moved, manifests: this.#moved.manifests + 1 };
  }
}
