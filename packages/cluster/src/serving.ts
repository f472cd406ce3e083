import { ClusterError } from "./errors.ts";
import { type ClusterProfile, isAtLeast, parseClusterVersion } from "./profile.ts";

/** `extract`: an image of nothing but `/configs`, which the cluster's own opm serves. `image`: over the source image. */
export type CatalogServing = "extract" | "image";

/** How one catalog is served, and what to know about it. */
export interface ServingDecision {
  readonly serving: CatalogServing;
  /** Why, in one sentence. */
  readonly reason: string;
  /** What may go wrong with a choice that was asked for. */
  readonly warning?: string;
}

/** What there is to decide upon. */
export interface ServingQuestion {
  readonly profile: ClusterProfile;
  /** `--catalog-serving`. */
  readonly wanted: "auto" | CatalogServing;
  /** False for a catalog that is a folder on disk or an image without opm: nothing there can serve it. */
  readonly hasServer: boolean;
  /** `sqlite`: an image whose server reads a database, as up to 4.10. */
  readonly format?: "fbc" | "sqlite";
}

const NEEDS_CACHE =
  "OLM before 4.20 insists on a prepared cache beside the catalog (extractContent.cacheDir), which the image does not have";

/**
 * How a filtered catalog is to be served on a cluster.
 *
 * extractContent exists since 4.15, but until 4.19 its `cacheDir` is required and opm exits when the cache is not there;
 * images of nothing but `/configs` are served from 4.20 on. operator-lifecycle-manager pull requests 3029, 3556, 3589.
 * @throws ClusterError `SERVING_UNSUPPORTED` for a combination that no pod can serve
 */
export function decideServing(question: ServingQuestion): ServingDecision {
  const { profile, wanted } = question;
  const version = parseClusterVersion(profile.version);
  if (question.format === "sqlite") return decideSqlite(question);
  if (wanted === "image" || (wanted === "auto" && question.hasServer && !isAtLeast(version, "4.20"))) {
    if (!question.hasServer) throw refused(question, "the catalog is no image with opm inside, so there is nothing to build over");
    if (!isAtLeast(version, "4.11")) throw refused(question, "OLM reads file-based catalogs from 4.11 on");
    return { serving: "image", reason: "the server of the source image serves it" };
  }
  if (!isAtLeast(version, "4.15")) throw refused(question, "extractContent exists from 4.15 on");
  return {
    serving: "extract",
    reason: "the cluster's own opm serves it",
    ...(isAtLeast(version, "4.20") ? {} : { warning: NEEDS_CACHE }),
  };
}

function decideSqlite(question: ServingQuestion): ServingDecision {
  if (question.wanted === "extract") throw refused(question, "extractContent takes file-based catalogs only");
  if (!question.hasServer) throw refused(question, "a database needs an image that can serve it");
  return { serving: "image", reason: "the server of the source image reads the database" };
}

function refused(question: ServingQuestion, why: string): ClusterError {
  return new ClusterError({
    code: "SERVING_UNSUPPORTED",
    message: `Cannot serve the catalog on ${question.profile.flavour} ${question.profile.version} (--catalog-serving ${question.wanted}): ${why}`,
    subject: question.wanted,
    hint: "Leave --catalog-serving at auto, or build the catalog over an image that holds opm.",
  });
}
