import {
  type Descriptor,
  type Digest,
  digestOf,
  formatPlatform,
  type GraphManifest,
  type ImageGraph,
  OciError,
  parsePlatform,
  platformFilter,
  type SignatureTags,
  walkImage,
} from "@skerry/oci";
import type { ChildImage, LockedImage, MissingImage, PlannedImage, ReferrerImage } from "../plan/types.ts";
import type { Problem } from "../problem/problem.ts";
import { ContentList } from "./content-list.ts";
import { asImageError, unresolved } from "./failure.ts";
import type { KnownReferrers } from "./known.ts";
import { configPlatform, platformRows } from "./platform-rows.ts";
import type { OriginSource } from "./source.ts";

export interface ResolveContext {
  /** Opens the place of an origin; readers are cached ones, so that a manifest is fetched once in its life. */
  readonly source: (origin: string) => OriginSource;
  readonly known: KnownReferrers;
  readonly referrers: "all" | "none";
  readonly externalLayers: "keep" | "include";
  readonly signatureTags: SignatureTags;
  readonly signal?: AbortSignal | undefined;
}

/** An image with every digest known, its bytes not yet counted. */
export interface ResolvedImage {
  readonly image: Omit<LockedImage, "totalBytes" | "uniqueBytes">;
  /** Every manifest and blob that travels, once. */
  readonly content: ContentList;
  readonly manifests: readonly Digest[];
  readonly problems: readonly Problem[];
}

export type Resolution =
  | ({ readonly found: true } & ResolvedImage)
  | { readonly found: false; readonly missing: MissingImage; readonly problems: readonly Problem[] };

/**
 * Asks the network about one image: digest, children, sizes, referrers. What the source does not give is a value, not a fault.
 */
export async function resolveImage(planned: PlannedImage, context: ResolveContext): Promise<Resolution> {
  try {
    const source = context.source(planned.origin);
    const root = await source.reader.resolve(source.place, source.name, { signal: context.signal });
    if (root === undefined) throw notFound(planned, source);
    return { found: true, ...(await describeImage(planned, source, { root, context })) };
  } catch (error) {
    const problem = unresolved(planned, asImageError(error));
    const { origin, kind, destination, reasons } = planned;
    return {
      found: false,
      missing: { origin, kind, destination, reasons, code: problem.code, message: problem.message },
      problems: [problem],
    };
  }
}

/** Walks an image whose root is known, and puts it into the form of the lock. */
export async function describeImage(
  planned: PlannedImage,
  source: OriginSource,
  { root, context }: { readonly root: Descriptor; readonly context: ResolveContext },
): Promise<ResolvedImage> {
  const wanted = planned.platforms.map(parsePlatform);
  const wants = (platform: string): boolean => wanted.length === 0 || wanted.some((one) => formatPlatform(one) === platform);
  const known = context.referrers === "none" ? undefined : context.known.of(planned.origin, root.digest, wants);
  const graph = await walkImage(source.reader, source.place, root, {
    ...(wanted.length === 0 ? {} : { platforms: platformFilter(wanted) }),
    referrers: context.referrers,
    ...(known === undefined ? {} : { known }),
    externalLayers: context.externalLayers,
    signatureTags: context.signatureTags,
    signal: context.signal,
  });
  const single =
    wanted.length > 0 && rootManifest(graph)?.manifest?.kind === "image" ? await configPlatform(source, graph, context.signal) : undefined;
  return { ...lockedForm(planned, graph), problems: platformRows(planned, { graph, wanted, single }) };
}

/** The row of a graph, without the counts that depend on its neighbours. Pure. */
export function lockedForm(planned: PlannedImage, graph: ImageGraph): Omit<ResolvedImage, "problems"> {
  const children = graph.manifests.filter((entry) => entry.role === "child").map(childOf);
  const referrers = graph.manifests
    .filter((entry) => (entry.role === "referrer" || entry.role === "cosign") && entry.copied)
    .map(referrerOf);
  const content = new Map<Digest, number>();
  const manifests: Digest[] = [];
  for (const entry of graph.manifests) {
    if (!entry.copied) continue;
    content.set(entry.descriptor.digest, entry.descriptor.size);
    manifests.push(entry.descriptor.digest);
  }
  for (const blob of graph.blobs.values()) content.set(blob.digest, blob.size);
  const image = {
    ...planned,
    digest: graph.root.digest,
    mediaType: graph.root.mediaType,
    manifestBytes: graph.root.size,
    children: unique(children),
    referrers: unique(referrers),
  };
  return { image, content: new ContentList(content), manifests };
}

function childOf(entry: GraphManifest): ChildImage {
  return {
    digest: entry.descriptor.digest,
    platform: entry.platform === undefined ? "" : formatPlatform(entry.platform),
    copied: entry.copied,
  };
}

function referrerOf(entry: GraphManifest): ReferrerImage {
  return {
    digest: entry.descriptor.digest,
    artifactType:
      entry.descriptor.artifactType ??
      entry.manifest?.artifactType ??
      (entry.manifest?.kind === "image" ? (entry.manifest.config?.mediaType ?? "") : ""),
    mediaType: entry.descriptor.mediaType,
    bytes: entry.descriptor.size,
    subject: entry.parent ?? entry.descriptor.digest,
    ...(entry.tag === undefined ? {} : { tag: entry.tag }),
  };
}

function rootManifest(graph: ImageGraph): GraphManifest | undefined {
  return graph.manifests.find((entry) => entry.role === "root");
}

/** Sorted and without repetitions: an index may list one manifest twice. */
function unique<Item extends object>(items: readonly Item[]): Item[] {
  const byText = new Map(items.map((item) => [JSON.stringify(item), item]));
  return [...byText.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}

function notFound(planned: PlannedImage, source: OriginSource): OciError {
  return new OciError({
    code: "NOT_FOUND",
    message: `Cannot find ${planned.origin}: ${source.reader.name} has no such ${source.name.includes(":") ? "digest" : "tag"}`,
    subject: planned.origin,
  });
}

/** Digest of a text; for the digest of a configuration. */
export function textDigest(text: string): Digest {
  return digestOf(new TextEncoder().encode(text));
}
