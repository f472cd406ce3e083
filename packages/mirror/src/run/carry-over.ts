import { isOciError, OciError } from "@skerry/oci";
import type { BuiltCatalogs } from "../gather/build-catalog.ts";
import type { Sources } from "../gather/sources.ts";
import type { ImageSetLock } from "../lock/types.ts";
import type { MissingImage, PlannedCatalog, Reason } from "../plan/types.ts";
import type { Problem } from "../problem/problem.ts";
import { ContentList } from "../resolve/content-list.ts";
import { asImageError } from "../resolve/failure.ts";
import { pooled } from "../resolve/pool.ts";
import type { ResolvedImage } from "../resolve/resolve.ts";
import { lockedContent } from "./lock-costs.ts";
import { connectedSources } from "./roots.ts";

/** The part of a lock that one catalog brought into it. */
export interface CarriedOver {
  readonly catalogs: readonly PlannedCatalog[];
  readonly images: readonly ResolvedImage[];
  readonly missing: readonly MissingImage[];
  readonly problems: readonly Problem[];
}

export interface CarryParts {
  readonly sources: Sources;
  readonly built: BuiltCatalogs;
  readonly baseDir: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What the last lock says of a catalog that cannot be read now: an outage of its registry takes nothing out of the set, so that
 * mirror rules and catalogs that a cluster uses stay. Read from the workspace alone; undefined where it no longer holds that.
 */
export async function carryOver(previous: ImageSetLock | undefined, catalog: string, parts: CarryParts): Promise<CarriedOver | undefined> {
  const catalogs = previous?.catalogs.filter((one) => one.catalog === catalog) ?? [];
  if (previous === undefined || catalogs.length === 0) return undefined;
  const source = connectedSources(previous, { ...parts, rebuild: () => Promise.reject(notKept(catalog)) });
  const ours = (reason: Reason): boolean => reason.catalog === catalog;
  const rows = previous.images.filter((image) => image.reasons.some(ours));
  const images: ResolvedImage[] = [];
  try {
    const read = pooled(rows, 32, async (image) => ({
      image,
      content: await lockedContent(previous, image, { source, signal: parts.signal }),
    }));
    for await (const { image, content } of read) {
      images.push({
        image: { ...image, reasons: image.reasons.filter(ours) },
        content: new ContentList(new Map([...content.manifests, ...content.blobs])),
        manifests: content.manifests.map(([digest]) => digest),
        problems: [],
      });
    }
  } catch (error) {
    if (!isOciError(error)) throw error;
    asImageError(error);
    return undefined;
  }
  return {
    catalogs,
    images,
    missing: previous.missing.filter((image) => image.reasons.some(ours)),
    problems: previous.problems
      .filter((problem) => problem.catalog === catalog && problem.code !== "CATALOG_UNREADABLE")
      .map((problem) => ({ ...problem, waived: false })),
  };
}

function notKept(catalog: string): OciError {
  return new OciError({ code: "NOT_FOUND", message: `The workspace no longer holds the image of catalog ${catalog}`, subject: catalog });
}
