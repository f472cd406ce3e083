import type { RootOutcome } from "@skerry/oci";
import { imageKey } from "../lock/build.ts";
import type { ImageSetLock } from "../lock/types.ts";
import type { LockedImage, Reason } from "../plan/types.ts";

/** What to do with a catalog when an image of one of its bundles failed. */
export type PartialCatalog = "keep-previous" | "drop-bundles" | "push";

/** An image that is not at the target, and what needs it. */
export interface FailedImage {
  readonly origin: string;
  readonly reasons: readonly Reason[];
}

/**
 * Decides, just before a catalog is pushed, whether everything that it promises is there. The catalog at a target never names
 * what failed.
 */
export class CatalogGuards {
  readonly #lock: ImageSetLock;
  readonly #policy: PartialCatalog;

  constructor(lock: ImageSetLock, policy: PartialCatalog) {
    this.#lock = lock;
    this.#policy = policy;
  }

  /** The guard of one catalog image: a message refuses the push. */
  of(image: LockedImage): ((outcomes: ReadonlyMap<string, RootOutcome>) => string | undefined) | undefined {
    if (this.#policy === "push") return undefined;
    const catalogs = new Set(image.reasons.map((reason) => reason.catalog));
    return (outcomes) => {
      const failed = this.failed(outcomes).filter((one) => one.reasons.some((reason) => catalogs.has(reason.catalog)));
      const [first] = failed;
      if (first === undefined) return undefined;
      const who = first.reasons.find((reason) => catalogs.has(reason.catalog));
      return `the previous catalog stays: ${failed.length === 1 ? "an image" : `${failed.length} images`} of its bundles ${failed.length === 1 ? "is" : "are"} not at the target, ${first.origin}${who?.bundle === undefined ? "" : ` of ${who.bundle}`} first`;
    };
  }

  /** Images that are not at the target and that nobody gave up. */
  failed(outcomes: ReadonlyMap<string, RootOutcome>): readonly FailedImage[] {
    const failed = this.#lock.images.filter((image) => {
      const outcome = outcomes.get(imageKey(image))?.outcome;
      return image.kind !== "catalog" && (outcome === "failed" || outcome === "skipped");
    });
    const given = new Set(this.#lock.problems.filter((problem) => problem.waived).map((problem) => problem.subject));
    return [...failed, ...this.#lock.missing.filter((image) => !given.has(image.origin))];
  }
}
