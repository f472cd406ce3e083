import type { LockDifference } from "../lock/diff.ts";
import type { ImageSetLock } from "../lock/types.ts";
import type { Problem } from "../problem/problem.ts";
import { targetRepository } from "./destination.ts";
import type { LockedImage, OperatorCost, PlannedCatalog } from "./types.ts";

/** What is known of an image at the target: null when nobody looked. */
export type Presence = boolean | null;

export interface PlanTotals {
  readonly images: number;
  readonly manifests: number;
  readonly blobs: number;
  readonly totalBytes: number;
  readonly uniqueBytes: number;
  /** Null where no target was named. */
  readonly presentBytes: number | null;
  readonly moveBytes: number | null;
  readonly volumes: number | null;
}

export interface PlanEstimate {
  readonly seconds: number | null;
  readonly bytesPerSecond: number | null;
  readonly basis: "measured" | "given" | null;
  readonly space: readonly { readonly where: string; readonly neededBytes: number; readonly freeBytes: number }[];
}

/** The document of `skerry plan`, and `plan.json` of the workspace. */
export interface PlanDocument {
  readonly apiVersion: "skerry.dev/v1";
  readonly kind: "Plan";
  readonly imageSet: ImageSetLock["imageSet"];
  readonly target?: string;
  readonly catalogs: readonly PlannedCatalog[];
  readonly images: readonly (LockedImage & { readonly present: Presence })[];
  readonly operators: readonly OperatorCost[];
  readonly totals: PlanTotals;
  readonly estimate: PlanEstimate;
  readonly difference: LockDifference;
  readonly problems: readonly Problem[];
  readonly files: Readonly<Record<string, string>>;
}

export interface PlanDocumentInput {
  readonly lock: ImageSetLock;
  readonly target?: { readonly text: string; readonly prefix: string; readonly maxNestedPaths: number };
  readonly operators: readonly OperatorCost[];
  /** By position in `lock.images`. */
  readonly present: readonly Presence[];
  /** Bytes of what is there already; null when nobody looked. */
  readonly presentBytes: number | null;
  readonly manifests: number;
  readonly volumes: number | null;
  /** Measured or given rate. */
  readonly rate?: { readonly bytesPerSecond: number; readonly basis: "measured" | "given" };
  readonly space: PlanEstimate["space"];
  readonly difference: LockDifference;
  readonly files: Readonly<Record<string, string>>;
}

/** The plan as a document: the lock seen from one target. Pure. */
export function planDocument(input: PlanDocumentInput): PlanDocument {
  const { lock, target } = input;
  const uniqueBytes = lock.blobs.reduce((sum, blob) => sum + blob.bytes, 0);
  const moveBytes = input.presentBytes === null ? null : Math.max(0, uniqueBytes - input.presentBytes);
  return {
    apiVersion: "skerry.dev/v1",
    kind: "Plan",
    imageSet: lock.imageSet,
    ...(target === undefined ? {} : { target: target.text }),
    catalogs: lock.catalogs,
    // Made anew each time it is read: a run that lasts for hours does not hold every row a second time.
    get images() {
      return lock.images.map((image, index) => ({
        ...image,
        destination: {
          ...image.destination,
          repository: targetRepository(target?.prefix ?? "", image.destination.repository, target?.maxNestedPaths),
        },
        present: input.present[index] ?? null,
      }));
    },
    operators: input.operators,
    totals: {
      images: lock.images.length,
      manifests: input.manifests,
      blobs: lock.blobs.length - input.manifests,
      totalBytes: lock.images.reduce((sum, image) => sum + image.totalBytes, 0),
      uniqueBytes,
      presentBytes: input.presentBytes,
      moveBytes,
      volumes: input.volumes,
    },
    estimate: estimate(moveBytes ?? uniqueBytes, input),
    difference: input.difference,
    problems: lock.problems,
    files: input.files,
  };
}

function estimate(bytes: number, input: PlanDocumentInput): PlanEstimate {
  if (input.rate === undefined || input.rate.bytesPerSecond <= 0)
    return { seconds: null, bytesPerSecond: null, basis: null, space: input.space };
  const { bytesPerSecond, basis } = input.rate;
  return { seconds: Math.ceil(bytes / bytesPerSecond), bytesPerSecond: Math.round(bytesPerSecond), basis, space: input.space };
}
