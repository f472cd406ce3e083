import { isOciError, parseReference, type Reference } from "@skerry/oci";
import type { ClusterProblem } from "./problem.ts";

/** Where the images of one source repository lie at the mirror. */
export interface MirrorEntry {
  /** `host[:port]/path`. */
  readonly source: string;
  /** `host[:port]/path`. */
  readonly mirror: string;
  /** Images are pulled by digest. */
  readonly byDigest: boolean;
  /** Images are pulled by tag, and have the same tag at the mirror. */
  readonly byTag: boolean;
  /** The catalog image itself: never redirected, since CatalogSource and ClusterCatalog name the mirror. */
  readonly isCatalog?: boolean;
}

/** An image that was mirrored; the fields of a lock that matter here. */
export interface MirroredImage {
  /** Source reference as a pod writes it. Origins on disk (`oci:…`) are passed over: no pod names them. */
  readonly origin: string;
  readonly kind: string;
  /** Without the target's host and prefix. */
  readonly destination: { readonly repository: string; readonly tag: string };
}

/** Mirror entries of a list of images, and what no entry can express. */
export interface MirrorEntries {
  /** Sorted by source, then mirror. */
  readonly entries: readonly MirrorEntry[];
  readonly problems: readonly ClusterProblem[];
}

/**
 * Finds the mirror rules that a set of mirrored images needs.
 * @param target `host[:port][/prefix]`
 */
export function mirrorEntriesOf(images: Iterable<MirroredImage>, target: string): MirrorEntries {
  const found = new Map<string, MirrorEntry>();
  const problems: ClusterProblem[] = [];
  for (const image of images) {
    const reference = readOrigin(image.origin);
    if (reference === undefined) continue;
    const source = `${reference.registry}/${reference.repository}`;
    const mirror = `${target.replace(/\/+$/, "")}/${image.destination.repository}`;
    const isCatalog = image.kind === "catalog";
    const byDigest = reference.digest !== undefined;
    const tag = reference.tag ?? "latest";
    const byTag = !byDigest && tag === image.destination.tag;
    if (!byDigest && !byTag && !isCatalog) problems.push(otherTag(`${source}:${tag}`, `${mirror}:${image.destination.tag}`));
    const key = JSON.stringify([source, mirror, isCatalog]);
    const known = found.get(key);
    found.set(key, {
      source,
      mirror,
      byDigest: byDigest || known?.byDigest === true,
      byTag: byTag || known?.byTag === true,
      ...(isCatalog ? { isCatalog } : {}),
    });
  }
  return { entries: sortEntries([...found.values()]), problems: problems.sort((a, b) => compareText(a.subject, b.subject)) };
}

/** The entries that mirror rules are made of: no catalog, nothing that is its own mirror. */
export function ruleEntries(entries: readonly MirrorEntry[]): MirrorEntry[] {
  return sortEntries(
    entries.filter((entry) => entry.isCatalog !== true && entry.source !== entry.mirror && (entry.byDigest || entry.byTag)),
  );
}

/** Code unit order, the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sortEntries(entries: readonly MirrorEntry[]): MirrorEntry[] {
  return [...entries].sort((a, b) => compareText(a.source, b.source) || compareText(a.mirror, b.mirror));
}

function readOrigin(origin: string): Reference | undefined {
  if (origin.startsWith("oci:")) return undefined;
  try {
    return parseReference(origin.replace(/^docker:\/\//, ""));
  } catch (error) {
    if (isOciError(error)) return undefined;
    throw error;
  }
}

function otherTag(source: string, mirror: string): ClusterProblem {
  return {
    code: "TAG_UNREACHABLE",
    severity: "warning",
    subject: source,
    action: "kept",
    message: `${source} lies at the mirror as ${mirror}: mirror rules keep the tag, so pods that name the source do not find it`,
    hint: "Leave targetTag out, or name the mirror in the pods.",
  };
}
