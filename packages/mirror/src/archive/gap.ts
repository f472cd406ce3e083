import { type Descriptor, type Digest, isOciError, type Place, type Reader } from "@skerry/oci";
import { MirrorError } from "../errors.ts";
import { stableJson } from "../lock/format.ts";
import type { ImageSetLock } from "../lock/types.ts";
import { targetRepository } from "../plan/destination.ts";
import type { LockedImage } from "../plan/types.ts";
import type { MirrorTarget } from "../run/mirror-lock.ts";
import type { SourceOf } from "../run/roots.ts";
import { contentOf } from "./archive-roots.ts";
import type { Holdings } from "./holdings.ts";

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
  /** Name of the archive, or of the place, that lacked it. */
  readonly forArchive: string;
  readonly missing: readonly GapRow[];
}

/** How the content of an import is put together. */
export interface ImportContent {
  /** Holdings over target: what an archive leaves out is read where the far side has it. */
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
 * Looks for what a lock needs and the holdings lack: at the image's own repository at the target, then in those that an
 * archive relies on. What holds everything costs no request. Images that an archive says it lacks are no gap: they fail on
 * their own, and their catalog stays as it is.
 */
export async function findGap(
  lock: ImageSetLock,
  holdings: Holdings,
  how: { readonly target: MirrorTarget; readonly options: GapOptions },
): Promise<ImportContent> {
  const { target, options } = how;
  const elsewhere = new Map<Digest, string>();
  const source = overTarget(holdings, { target, elsewhere, isBuilt: options.isBuilt });
  if (await holdsAll(lock, holdings)) return { source, gap: [] };
  const gap = new Map<Digest, { readonly bytes: number; readonly origins: Set<string> }>();
  const note = (image: LockedImage, { digest, size }: { readonly digest: Digest; readonly size: number }): void => {
    const row = gap.get(digest) ?? { bytes: size, origins: new Set<string>() };
    gap.set(digest, row);
    row.origins.add(image.origin);
  };
  const wanted = {
    ...lock,
    images: lock.images.filter((image) => !holdings.lacking.has(image.origin) && options.isBuilt?.(image) !== true),
  };
  const read = await contentOf({ lock: wanted, source, ...options });
  const readable = new Set(read.map(({ image }) => image));
  const sizes = new Map(lock.blobs.map(({ digest, bytes }) => [digest, bytes]));
  for (const image of wanted.images) if (!readable.has(image)) await noteUnreadable(image, { holdings, target, sizes, note });
  const relied = new Map(holdings.relies.map((entry) => [entry.digest, entry.repositories]));
  for (const { image, blobs } of read) {
    for (const blob of blobs) {
      if (elsewhere.has(blob.digest) || (await holdings.holds(blob.digest))) continue;
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
export function requestDocument(forArchive: string, gap: readonly GapRow[]): RequestDocument {
  return { apiVersion: "skerry.dev/v1", kind: "Request", forArchive, missing: gap };
}

/** A request as text, one row a line. */
export function formatRequest(request: RequestDocument): string {
  const rows = request.missing.map((row) => `    ${stableJson(row)}`).join(",\n");
  return `{\n  "apiVersion": "${request.apiVersion}",\n  "kind": "${request.kind}",\n  "forArchive": ${JSON.stringify(request.forArchive)},\n  "missing": [\n${rows}\n  ]\n}\n`;
}

/** @throws MirrorError `GAP` naming what is missing by content */
export function refuseGap(gap: readonly GapRow[], { where, file }: { readonly where: string; readonly file: string }): void {
  if (gap.length === 0) return;
  const bytes = gap.reduce((sum, row) => sum + row.bytes, 0);
  throw new MirrorError({
    code: "GAP",
    message: `Cannot import: ${gap.length} ${gap.length === 1 ? "blob" : "blobs"} (${bytes} bytes) that the set needs are neither in ${where} nor at the target`,
    details: gap.slice(0, 50).map((row) => `${row.digest} (${row.bytes} bytes), needed by ${row.origins.slice(0, 3).join(", ")}`),
    hint: `Carry ${file} back and run 'skerry mirror --request' with it on the connected side; import the archive that it makes, then this again. Nothing was tagged.`,
  });
}

/** Manifests of an image that cannot be walked: those that are nowhere are the gap. */
async function noteUnreadable(
  image: LockedImage,
  how: {
    readonly holdings: Holdings;
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
    if (await how.holdings.holds(digest)) continue;
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

async function holdsAll(lock: ImageSetLock, holdings: Holdings): Promise<boolean> {
  for (const { digest } of lock.blobs) if (!(await holdings.holds(digest))) return false;
  return true;
}

/** What is at neither side because an archive was made without it. */
function explained(error: unknown, { origin }: LockedImage, { lacking, where }: Holdings): unknown {
  const why = lacking.get(origin);
  if (why === undefined || !isOciError(error) || error.code !== "NOT_FOUND") return error;
  return error.with({
    message: `Cannot bring ${origin}: ${where} was made without it (${why})`,
    hint: "Run the command that made the archive again, once that is mended, and import what it makes.",
  });
}

function overTarget(
  holdings: Holdings,
  how: {
    readonly target: MirrorTarget;
    readonly elsewhere: ReadonlyMap<Digest, string>;
    readonly isBuilt: ((image: LockedImage) => boolean) | undefined;
  },
): SourceOf {
  const { target, elsewhere } = how;
  return (image) => {
    const own = holdings.source(image);
    if (how.isBuilt?.(image) === true) return own;
    const place: Place = { repository: targetRepository(target.prefix, image.destination.repository, target.maxNestedPaths) };
    const reader: Reader = {
      name: own.reader.name,
      resolve: (_at, name, options) => own.reader.resolve(own.place, name, options),
      manifest: async (_at, descriptor, options) =>
        (await holdings.holds(descriptor.digest))
          ? own.reader.manifest(own.place, descriptor, options)
          : target.store.manifest(place, descriptor, options).catch((error: unknown) => {
              throw explained(error, image, holdings);
            }),
      blob: (_at, descriptor) => {
        const held = holdings.holds(descriptor.digest);
        if (held === true) return own.reader.blob(own.place, descriptor);
        const there = target.store.blob({ repository: elsewhere.get(descriptor.digest) ?? place.repository }, descriptor);
        if (held === false) return there;
        return {
          size: descriptor.size,
          async *open(offset, options) {
            const body = (await held) ? own.reader.blob(own.place, descriptor) : there;
            yield* body.open(offset, options);
          },
        };
      },
      // The lock names every referrer; nobody is asked for more.
      referrers: (_at, subject, options) => own.reader.referrers(own.place, subject, options),
    };
    return { reader, place: own.place };
  };
}
