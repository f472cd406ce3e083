import { type ArchiveBase, type Digest, isDigest, type ManifestCache, manifestContents, parseManifest } from "@skerry/oci";
import { MirrorError } from "../errors.ts";
import { formatLock } from "../lock/format.ts";
import type { ImageSetLock } from "../lock/types.ts";
import type { SourceOf } from "../run/roots.ts";
import { contentOf } from "./archive-roots.ts";
import { sha256Hex } from "./sha256.ts";

/** What the far side of a gap has already, by what it told or by an earlier lock. */
export interface FarSide {
  /** Blobs, each with the repositories that hold it there. */
  readonly blobs: ReadonlyMap<Digest, readonly string[]>;
  /** For the contents: digest of the lock or the have-list that said so. */
  readonly base: ArchiveBase;
  /** What it asks for: then nothing else travels. */
  readonly wanted?: ReadonlySet<Digest>;
}

/** Nothing is known of the far side: the archive is whole in itself. */
export const NOTHING_THERE: FarSide = { blobs: new Map(), base: {} };

/** Repositories of a far side with the manifests that they hold: the document of `skerry have`. */
export interface HaveList {
  readonly apiVersion: "skerry.dev/v1";
  readonly kind: "HaveList";
  readonly target: string;
  readonly takenAt: string;
  /** Sorted by name; digests sorted. */
  readonly repositories: readonly { readonly name: string; readonly manifests: readonly Digest[] }[];
  /** Bytes of all distinct blobs. */
  readonly blobsBytes: number;
}

/** Both answers together. */
export function joinFarSides(a: FarSide, b: FarSide): FarSide {
  const blobs = new Map<Digest, readonly string[]>(a.blobs);
  for (const [digest, repositories] of b.blobs) blobs.set(digest, [...new Set([...(blobs.get(digest) ?? []), ...repositories])].sort());
  const wanted = a.wanted ?? b.wanted;
  return { blobs, base: { ...a.base, ...b.base }, ...(wanted === undefined ? {} : { wanted }) };
}

/** What a lock that the far side has whole says: every blob of its images, in their repositories. */
export async function farSideOfLock(lock: ImageSetLock, source: SourceOf, signal?: AbortSignal): Promise<FarSide> {
  const blobs = new Map<Digest, Set<string>>();
  for (const { image, blobs: held } of await contentOf({ lock, source, externalLayers: "keep", signal })) {
    for (const { digest } of held) add(blobs, digest, image.destination.repository);
  }
  return { blobs: sorted(blobs), base: { lockDigest: `sha256:${sha256Hex(new TextEncoder().encode(formatLock(lock)))}` } };
}

/**
 * What a have-list says. It names manifests; what they hold is known from manifests that were read on this side, those of the
 * lock among them. One that was never read here says nothing, and what it holds travels again.
 */
export async function farSideOfHave(
  have: { readonly list: HaveList; readonly text: string },
  near: { readonly manifests: ManifestCache; readonly lock: ImageSetLock; readonly source: SourceOf; readonly signal?: AbortSignal },
): Promise<FarSide> {
  const blobs = new Map<Digest, Set<string>>();
  const holders = new Map<Digest, Set<string>>();
  for (const { name, manifests: digests } of have.list.repositories) {
    for (const digest of digests) {
      add(holders, digest, name);
      const content = await near.manifests.get(digest);
      if (content === undefined) continue;
      const manifest = parseManifest(content.bytes, content.mediaType, digest);
      if (manifest.kind === "image") for (const held of manifestContents(manifest)) add(blobs, held.digest, name);
    }
  }
  // Catalogs that were built here were never read from anywhere.
  for (const { manifests, blobs: held } of await contentOf({ ...near, externalLayers: "keep" })) {
    const [first, ...others] = manifests.map(({ digest }) => holders.get(digest) ?? new Set<string>());
    const everywhere = [...(first ?? [])].filter((name) => others.every((names) => names.has(name)));
    for (const name of everywhere) for (const { digest } of held) add(blobs, digest, name);
  }
  return { blobs: sorted(blobs), base: { haveDigest: `sha256:${sha256Hex(new TextEncoder().encode(have.text))}` } };
}

/** @throws MirrorError `CONFIG_INVALID` */
export function parseHaveList(text: string, path: string): HaveList {
  const value = parseDocument(text, { path, kind: "HaveList" });
  const { target, takenAt, repositories, blobsBytes } = value;
  const rows = Array.isArray(repositories) ? repositories : [];
  return {
    apiVersion: "skerry.dev/v1",
    kind: "HaveList",
    target: typeof target === "string" ? target : "",
    takenAt: typeof takenAt === "string" ? takenAt : "",
    repositories: rows.flatMap((row: unknown) => {
      if (typeof row !== "object" || row === null) return [];
      const { name, manifests } = row as Record<string, unknown>;
      if (typeof name !== "string" || !Array.isArray(manifests)) return [];
      return [{ name, manifests: manifests.filter((one): one is Digest => typeof one === "string" && isDigest(one)) }];
    }),
    blobsBytes: typeof blobsBytes === "number" ? blobsBytes : 0,
  };
}

/** Digests that a request from the far side asks for. @throws MirrorError `CONFIG_INVALID` */
export function farSideOfRequest(text: string, path: string): FarSide {
  const { missing, forArchive } = parseDocument(text, { path, kind: "Request" });
  const digests = (Array.isArray(missing) ? missing : []).flatMap((row: unknown) => {
    const digest = typeof row === "object" && row !== null ? (row as Record<string, unknown>)["digest"] : undefined;
    return typeof digest === "string" && isDigest(digest) ? [digest] : [];
  });
  if (digests.length === 0) throw unreadable(path, "it asks for nothing");
  const base = {
    requestDigest: `sha256:${sha256Hex(new TextEncoder().encode(text))}`,
    ...(typeof forArchive === "string" && forArchive !== "" ? { forArchive } : {}),
  };
  return { blobs: new Map(), base, wanted: new Set(digests) };
}

function parseDocument(text: string, about: { readonly path: string; readonly kind: string }): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unreadable(about.path, "it is not JSON");
  }
  if (typeof value === "object" && value !== null && "kind" in value && value.kind === about.kind) return value as Record<string, unknown>;
  throw unreadable(about.path, `expected a document of kind ${about.kind}`);
}

function unreadable(path: string, why: string): MirrorError {
  return new MirrorError({ code: "CONFIG_INVALID", message: `Cannot read ${path}: ${why}`, subject: path });
}

function add(blobs: Map<Digest, Set<string>>, digest: Digest, repository: string): void {
  const known = blobs.get(digest) ?? new Set<string>();
  blobs.set(digest, known.add(repository));
}

function sorted(blobs: ReadonlyMap<Digest, ReadonlySet<string>>): Map<Digest, readonly string[]> {
  return new Map([...blobs].map(([digest, repositories]) => [digest, [...repositories].sort()]));
}
