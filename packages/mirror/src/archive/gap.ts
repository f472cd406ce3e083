import type { Descriptor, Digest, Place, Reader, VolumeReader } from "@skerry/oci";
import { MirrorError } from "../errors.ts";
import { stableJson } from "../lock/format.ts";
import type { ImageSetLock } from "../lock/types.ts";
import { targetRepository } from "../plan/destination.ts";
import type { LockedImage } from "../plan/types.ts";
import type { MirrorTarget } from "../run/mirror-lock.ts";
import type { SourceOf } from "../run/roots.ts";
import { contentOf } from "./archive-roots.ts";

/** Content that a lock needs and neither the archive nor the target has. */
export interface GapRow {
  readonly digest: Digest;
  readonly bytes: number;
  /** Images that need it, sorted. */
  readonly origins: readonly string[];
}

/** The document that is carried back: what an archive has to bring. Plain and sorted: a person reads it before it leaves. */
export interface RequestDocument {
  readonly apiVersion: "skerry.dev/v1";
  readonly kind: "Request";
  /** Name of the archive that lacked it. */
  readonly forArchive: string;
  readonly missing: readonly GapRow[];
}

/** How the content of an import is put together. */
export interface ImportContent {
  /** Archive over target: what the archive leaves out is read where the far side has it. */
  readonly source: SourceOf;
  readonly gap: readonly GapRow[];
}

export interface GapOptions {
  readonly externalLayers: "keep" | "include";
  /** Images that are made on this side. */
  readonly isBuilt?: ((image: LockedImage) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Looks for what a lock needs and the archive does not hold: at the image's own repository at the target, then in those that
 * the archive relies on. An archive that holds everything costs no request. Images that the archive says it lacks are no gap:
 * they fail on their own, and their catalog stays as it is.
 */
export async function findGap(
  lock: ImageSetLock,
  archive: VolumeReader,
  how: { readonly target: MirrorTarget; readonly options: GapOptions },
): Promise<ImportContent> {
  const { target, options } = how;
  const elsewhere = new Map<Digest, string>();
  const source = overTarget(archive, target, elsewhere);
  const lacking = new Set(archive.contents.missing.map(({ origin }) => origin));
  if (lock.blobs.every(({ digest }) => archive.holds(digest))) return { source, gap: [] };
  const gap = new Map<Digest, { readonly bytes: number; readonly origins: Set<string> }>();
  const note = (image: LockedImage, { digest, size }: { readonly digest: Digest; readonly size: number }): void => {
    const row = gap.get(digest) ?? { bytes: size, origins: new Set<string>() };
    gap.set(digest, row);
    row.origins.add(image.origin);
  };
  const wanted = { ...lock, images: lock.images.filter((image) => !lacking.has(image.origin) && options.isBuilt?.(image) !== true) };
  const read = await contentOf({ lock: wanted, source, ...options });
  const readable = new Set(read.map(({ image }) => image));
  const sizes = new Map(lock.blobs.map(({ digest, bytes }) => [digest, bytes]));
  for (const image of wanted.images) if (!readable.has(image)) await noteUnreadable(image, { archive, target, sizes, note });
  const relied = new Map(archive.contents.relies.map((entry) => [entry.digest, entry.repositories]));
  for (const { image, blobs } of read) {
    for (const blob of blobs) {
      if (archive.holds(blob.digest) || elsewhere.has(blob.digest)) continue;
      const own = targetRepository(target.prefix, image.destination.repository, target.maxNestedPaths);
      // A have-list names repositories as the target does, a lock leaves its prefix out.
      const named = relied.get(blob.digest) ?? [];
      const prefixed = named.map((name) => targetRepository(target.prefix, name, target.maxNestedPaths));
      const holder = await holderOf(blob, { target, repositories: [own, ...prefixed, ...named], signal: options.signal });
      if (holder === undefined) note(image, blob);
      else elsewhere.set(blob.digest, holder);
    }
  }
  const rows = [...gap].map(([digest, { bytes, origins }]) => ({ digest, bytes, origins: [...origins].sort() }));
  return { source, gap: rows.sort((a, b) => (a.digest < b.digest ? -1 : 1)) };
}

/** What is to be carried back. */
export function requestDocument(archive: VolumeReader, gap: readonly GapRow[]): RequestDocument {
  return { apiVersion: "skerry.dev/v1", kind: "Request", forArchive: archive.contents.name, missing: gap };
}

/** A request as text, one row a line. */
export function formatRequest(request: RequestDocument): string {
  const rows = request.missing.map((row) => `    ${stableJson(row)}`).join(",\n");
  return `{\n  "apiVersion": "${request.apiVersion}",\n  "kind": "${request.kind}",\n  "forArchive": ${JSON.stringify(request.forArchive)},\n  "missing": [\n${rows}\n  ]\n}\n`;
}

/** @throws MirrorError `GAP` naming what is missing by content */
export function refuseGap(gap: readonly GapRow[], file: string): void {
  if (gap.length === 0) return;
  const bytes = gap.reduce((sum, row) => sum + row.bytes, 0);
  throw new MirrorError({
    code: "GAP",
    message: `Cannot import: ${gap.length} ${gap.length === 1 ? "blob" : "blobs"} (${bytes} bytes) that the set needs are neither in the archive nor at the target`,
    details: gap.slice(0, 50).map((row) => `${row.digest} (${row.bytes} bytes), needed by ${row.origins.slice(0, 3).join(", ")}`),
    hint: `Carry ${file} back and run 'skerry mirror --request' with it on the connected side. Nothing was tagged.`,
  });
}

/** Manifests of an image that cannot be walked: those that are nowhere are the gap. */
async function noteUnreadable(
  image: LockedImage,
  how: {
    readonly archive: VolumeReader;
    readonly target: MirrorTarget;
    readonly sizes: ReadonlyMap<Digest, number>;
    readonly note: (image: LockedImage, content: { readonly digest: Digest; readonly size: number }) => void;
  },
): Promise<void> {
  const digests = [
    image.digest,
    ...image.children.filter((child) => child.copied).map((child) => child.digest),
    ...image.referrers.map((one) => one.digest),
  ];
  const repository = targetRepository(how.target.prefix, image.destination.repository, how.target.maxNestedPaths);
  for (const digest of digests) {
    if (how.archive.holds(digest)) continue;
    const there = await how.target.store.resolve({ repository }, digest);
    if (there === undefined) how.note(image, { digest, size: how.sizes.get(digest) ?? 0 });
  }
}

async function holderOf(
  blob: { readonly digest: Digest; readonly size: number },
  how: { readonly target: MirrorTarget; readonly repositories: readonly string[]; readonly signal: AbortSignal | undefined },
): Promise<string | undefined> {
  const descriptor: Descriptor = { mediaType: "application/octet-stream", ...blob };
  for (const repository of new Set(how.repositories)) {
    if (await how.target.store.has({ repository }, descriptor, { signal: how.signal })) return repository;
  }
  return undefined;
}

function overTarget(archive: VolumeReader, target: MirrorTarget, elsewhere: ReadonlyMap<Digest, string>): SourceOf {
  return (image) => {
    const place: Place = { repository: targetRepository(target.prefix, image.destination.repository, target.maxNestedPaths) };
    const reader: Reader = {
      name: archive.name,
      resolve: (at, name) => archive.resolve(at, name),
      manifest: (at, descriptor, options) =>
        archive.holds(descriptor.digest) ? archive.manifest(at, descriptor) : target.store.manifest(place, descriptor, options),
      blob(at, descriptor) {
        if (archive.holds(descriptor.digest)) return archive.blob(at, descriptor);
        return target.store.blob({ repository: elsewhere.get(descriptor.digest) ?? place.repository }, descriptor);
      },
      // The lock names every referrer; nobody is asked for more.
      referrers: (at, subject) => archive.referrers(at, subject),
    };
    return { reader, place };
  };
}
