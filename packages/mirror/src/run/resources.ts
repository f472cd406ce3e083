import type { ImageSetLock, LockedResources } from "../lock/types.ts";
import type { PlannedCatalog } from "../plan/types.ts";
import type { Problem } from "../problem/problem.ts";

/** What the cluster's resources are made from: what is, or will be, at the target. */
export type ResourceSubject = Pick<ImageSetLock, "imageSet" | "images" | "catalogs">;

/** Cluster resources as files, the names in them, and what they cannot do. */
export interface DescribedResources {
  readonly files: readonly { readonly name: string; readonly text: string }[];
  readonly resources: LockedResources;
  readonly problems: readonly Problem[];
}

/** Another room's knowledge of clusters, as this one needs it. Pure. */
export type DescribeResources = (subject: ResourceSubject) => DescribedResources;

/** A catalog as it is at the target now: the new one, or the one that stayed. */
export function catalogAt(catalog: PlannedCatalog, digest: PlannedCatalog["targetDigest"]): PlannedCatalog {
  return catalog.targetDigest === digest ? catalog : { ...catalog, targetDigest: digest };
}
