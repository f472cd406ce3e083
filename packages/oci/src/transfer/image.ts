import type { OciError } from "../errors.ts";
import type { SignatureTags } from "../graph/signature-tags.ts";
import type { GraphManifest, ImageGraph } from "../graph/types.ts";
import { walkImage } from "../graph/walk.ts";
import type { Descriptor } from "../model/descriptor.ts";
import { type Digest, isDigest } from "../model/digest.ts";
import { type Manifest, manifestContents } from "../model/manifest.ts";
import { isImageManifestType, isManifestType, MEDIA_TYPES } from "../model/media-types.ts";
import { isMounter, type Writer } from "../store/types.ts";
import type { BlobOwner, BlobPlacer } from "./blobs.ts";
import type { KnownContent } from "./known-content.ts";
import { type CopiedManifest, isResolver, type ManifestPlacer } from "./manifests.ts";
import type { PresenceRecord } from "./presence.ts";
import { cannotTell, sided, throwIfAborted } from "./retry.ts";
import type { BlobOutcome } from "./tally.ts";
import type { Root, RootOutcome, RootResult, TransferOptions } from "./types.ts";

/** What the copying of every image of a run shares. */
export interface ImageWork {
  readonly target: Writer;
  readonly known: KnownContent;
  readonly blobs: BlobPlacer;
  readonly manifests: ManifestPlacer;
  readonly signatureTags: SignatureTags;
  readonly record: PresenceRecord | undefined;
  readonly outcomes: ReadonlyMap<string, RootOutcome>;
  readonly options: TransferOptions;
}

/** What a look at the target found about a root. */
interface Look {
  readonly there: boolean;
  /** Tags that do not name it yet. */
  readonly untagged: readonly string[];
  /** The target could not tell. */
  readonly failure?: OciError;
}

/**
 * Copies one image: looks whether it is there, reads its graph, brings its blobs, then its manifests, children before
 * parents, and its tags last.
 * @throws OciError with `side`
 */
export async function copyImage(work: ImageWork, root: Root, owner: BlobOwner): Promise<Pick<RootOutcome, "outcome" | "reason">> {
  const look = await lookAtRoot(work, root);
  if (look.there && look.untagged.length === 0 && (isRecorded(work, root) || isWholeByItself(work, root))) return { outcome: "present" };
  if (!look.there && isRecorded(work, root)) work.known.distrust(root.to);
  throwIfAborted(work.options.signal);
  // Asked while the source is read: it is wanted next, and kept.
  if (!look.there && work.options.recheck !== true) void work.known.wasEmpty(root.to, work.options.signal);
  const graph = await readGraph(work, root);
  const missing = await missingManifests(work, { root, graph, look });
  const recheck = work.options.recheck === true;
  if (missing.length === 0 && look.untagged.length === 0 && !recheck) return whole(work, root, graph);
  const refusal = root.guard?.(work.outcomes);
  if (refusal !== undefined) return { outcome: "skipped", reason: refusal };
  const brought = await bringBlobs(work, { owner, graph, holding: recheck ? graph.manifests.filter(isCopied) : missing });
  const isUntouched = missing.length === 0 && look.untagged.length === 0 && brought.every((how) => how === "present");
  if (isUntouched) return whole(work, root, graph);
  await putManifests(work, { root, owner, graph, missing, look });
  if (look.failure !== undefined) await confirm(work, root);
  recordRoot(work, root, graph);
  return { outcome: resultOf(brought) };
}

function whole(work: ImageWork, root: Root, graph: ImageGraph): Pick<RootOutcome, "outcome"> {
  recordRoot(work, root, graph);
  return { outcome: "present" };
}

async function lookAtRoot(work: ImageWork, root: Root): Promise<Look> {
  return (await isBelowNothing(work, root)) ? { there: false, untagged: root.tags } : await lookAtNames(work, root);
}

async function lookAtNames({ target, options }: ImageWork, root: Root): Promise<Look> {
  try {
    if (!isResolver(target) || root.tags.length === 0) {
      // A registry looks for manifests and for blobs in different places; a digest alone says not which it is.
      const isTyped = isManifestType(root.descriptor.mediaType);
      const descriptor = isTyped ? root.descriptor : { ...root.descriptor, mediaType: MEDIA_TYPES.ociManifest };
      const there = await target.has(root.to, descriptor, { signal: options.signal });
      return { there, untagged: root.tags };
    }
    const found = await (root.looked ?? Promise.all(root.tags.map((tag) => target.resolve(root.to, tag, { signal: options.signal }))));
    const untagged = root.tags.filter((_, index) => found[index]?.digest !== root.descriptor.digest);
    return { there: untagged.length < root.tags.length, untagged };
  } catch (error) {
    const failure = sided(error, "target");
    if (cannotTell(failure)) return { there: false, untagged: root.tags, failure };
    throw failure;
  }
}

/** Its repository holds no tag at all, which is asked where that likely spares a look at each tag. */
async function isBelowNothing({ known, options }: ImageWork, root: Root): Promise<boolean> {
  const asks = options.recheck !== true && root.tags.length > 0 && root.looked === undefined && known.asksWholeFirst(root.to);
  if (!asks) return false;
  return await known.wasEmpty(root.to, options.signal);
}

/** What a target could not tell before has to be readable now: docker-registry takes a manifest that it holds broken, and keeps it so. */
async function confirm(work: ImageWork, root: Root): Promise<void> {
  const { looked: _, ...again } = root;
  const { failure } = await lookAtNames(work, again);
  if (failure === undefined) return;
  throw failure.with({
    message: `${failure.message}, though it took the manifest again`,
    hint: `The registry's storage holds a broken copy, as docker-registry's does after its disk was full: remove ${root.descriptor.digest} from it, then run the same command again.`,
  });
}

function isRecorded(work: ImageWork, root: Root): boolean {
  if (work.options.recheck === true) return false;
  const known = root.known?.map(({ descriptor }) => descriptor.digest);
  const asked = { digest: root.descriptor.digest, platforms: root.platforms, referrers: root.referrers, known };
  return work.record?.covers(work.target.name, work.known.shelf(root.to), asked) === true;
}

/**
 * An image manifest without children, of which no referrers are wanted: a registry takes it only when its blobs are there, so
 * that the look at it was a look at all of it.
 */
function isWholeByItself(work: ImageWork, root: Root): boolean {
  const wantsNoReferrers = root.referrers === "none" || root.known?.length === 0;
  return work.options.recheck !== true && isMounter(work.target) && wantsNoReferrers && isImageManifestType(root.descriptor.mediaType);
}

async function readGraph(work: ImageWork, root: Root): Promise<ImageGraph> {
  try {
    return await walkImage(root.source, root.from, root.descriptor, {
      platforms: root.platforms,
      referrers: root.referrers,
      known: root.known,
      externalLayers: work.options.externalLayers,
      signatureTags: work.signatureTags,
      signal: work.options.signal,
    });
  } catch (error) {
    throw sided(error, "source");
  }
}

interface Missing {
  readonly root: Root;
  readonly graph: ImageGraph;
  readonly look: Look;
}

/**
 * The manifests to be put. A root that is there proves nothing about its children, so each is looked at; below an empty
 * repository nothing is.
 */
async function missingManifests(work: ImageWork, { root, graph, look }: Missing): Promise<CopiedManifest[]> {
  const copied = graph.manifests.filter(isCopied);
  const isRoot = ({ descriptor }: CopiedManifest): boolean => descriptor.digest === graph.root.digest;
  if (work.options.recheck !== true && !look.there && (await work.known.wasEmpty(root.to, work.options.signal))) {
    return copied.filter((entry) => isRoot(entry) || !work.manifests.knows(root.to, entry.descriptor.digest));
  }
  const there = await Promise.all(copied.map((entry) => (isRoot(entry) ? look.there : work.manifests.isThere(root.to, entry))));
  return copied.filter((_, index) => !there[index]);
}

function isCopied(entry: GraphManifest): entry is CopiedManifest {
  return entry.copied && entry.manifest !== undefined && entry.content !== undefined;
}

interface Bringing {
  readonly owner: BlobOwner;
  readonly graph: ImageGraph;
}

/** Brings what manifests hold. All are awaited even when one fails: nothing may run on after an image has ended. */
async function bringBlobs(
  work: ImageWork,
  { owner, graph, holding }: Bringing & { readonly holding: readonly CopiedManifest[] },
): Promise<BlobOutcome[]> {
  const wanted = new Map<Digest, Descriptor>();
  for (const { manifest } of holding) {
    for (const { digest } of manifestContents(manifest)) {
      const blob = graph.blobs.get(digest);
      if (blob !== undefined) wanted.set(digest, blob);
    }
  }
  const recheck = work.options.recheck === true;
  const settled = await Promise.allSettled([...wanted.values()].map((blob) => work.blobs.ensure(owner, blob, recheck)));
  return settled.map((result) => {
    if (result.status === "fulfilled") return result.value;
    throw result.reason;
  });
}

interface Putting extends Bringing {
  readonly root: Root;
  readonly missing: readonly CopiedManifest[];
  readonly look: Look;
}

/** Image manifests side by side, then what holds or follows them in order, the root with its tags last. */
async function putManifests(work: ImageWork, { root, owner, missing, look, graph }: Putting): Promise<void> {
  const rest = missing.filter(({ descriptor }) => descriptor.digest !== graph.root.digest);
  const isLeaf = ({ manifest, tag }: { readonly manifest: Manifest; readonly tag?: string }): boolean =>
    manifest.kind === "image" && manifest.subject === undefined && tag === undefined;
  const leaves = await Promise.allSettled(rest.filter(isLeaf).map((entry) => work.manifests.put(owner, entry, [])));
  for (const leaf of leaves) if (leaf.status === "rejected") throw leaf.reason;
  for (const entry of rest) if (!isLeaf(entry)) await work.manifests.put(owner, entry, entry.tag === undefined ? [] : [entry.tag]);
  const last = graph.manifests.filter(isCopied).find(({ descriptor }) => descriptor.digest === graph.root.digest);
  const isMissing = missing.some(({ descriptor }) => descriptor.digest === graph.root.digest);
  if (last === undefined || (!isMissing && look.untagged.length === 0)) return;
  await work.manifests.put(owner, last, look.there ? look.untagged : root.tags);
}

function recordRoot(work: ImageWork, root: Root, graph: ImageGraph): void {
  work.record?.addRoot(work.target.name, work.known.shelf(root.to), {
    digest: root.descriptor.digest,
    manifests: graph.manifests.filter(isCopied).map(({ descriptor }) => descriptor.digest),
    skipped: graph.manifests.flatMap(({ copied, platform }) => (copied || platform === undefined ? [] : [platform])),
    referrers: root.referrers,
  });
}

function resultOf(brought: readonly BlobOutcome[]): RootResult {
  if (brought.includes("copied")) return "copied";
  return brought.includes("mounted") ? "mounted" : "copied";
}

/** For messages: what the root is called at the target. */
export function targetName(root: Root): string {
  const tag = root.tags[0] ?? root.descriptor.digest;
  return `${root.to.repository}${isDigest(tag) ? "@" : ":"}${tag}`;
}
