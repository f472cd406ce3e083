import {
  type Descriptor,
  digestOf,
  Hasher,
  type IoOptions,
  isLister,
  type Lister,
  MEDIA_TYPES,
  OciError,
  parseManifest,
  type Reader,
  verified,
  type Writer,
} from "@skerry/oci";
import { MirrorError } from "../errors.ts";
import { targetRepository } from "../plan/destination.ts";
import { batches } from "../workspace/files.ts";
import { lockPieces } from "./format.ts";
import { parseLock } from "./parse.ts";
import { type ImageSetLock, LOCK_MEDIA_TYPE } from "./types.ts";

/** A lock of a hundred thousand images has some 100 MB; more is not read. */
const MAX_LOCK_BYTES = 512 * 1024 * 1024;

/** What refers to a lock (its signature) lies beside it where a registry has no referrers API. */
const REFERRERS_TAG = /^sha256-[0-9a-f]{64}/;

const EMPTY = new TextEncoder().encode("{}");

/** Repository that holds the locks of a target, below its prefix. */
export function lockRepository(prefix: string, maxNestedPaths = 0): string {
  return targetRepository(prefix, "skerry/locks", maxNestedPaths);
}

/** Tag of an image set's lock: its name, in the letters that a tag may have. */
export function lockTag(name: string): string {
  return (
    name
      .replaceAll(/[^A-Za-z0-9_.-]/g, "-")
      .replace(/^[.-]+/, "")
      .slice(0, 128) || "default"
  );
}

/** A lock as an OCI artifact: contents before the manifest, made as they are sent. */
export interface LockArtifact {
  readonly tag: string;
  readonly manifest: Descriptor;
  readonly bytes: Uint8Array;
  readonly contents: readonly (readonly [Descriptor, () => Iterable<Uint8Array>])[];
}

/** Puts a lock into the form of an OCI artifact. Image-spec, "guidelines for artifact usage". Pure. */
export function lockArtifact(lock: ImageSetLock): LockArtifact {
  const text = (): Iterable<Uint8Array> => batches(() => lockPieces(lock));
  const hasher = new Hasher();
  for (const batch of text()) hasher.update(batch);
  const layer: Descriptor = { mediaType: LOCK_MEDIA_TYPE, digest: hasher.digest(), size: hasher.size };
  const config: Descriptor = { mediaType: MEDIA_TYPES.ociEmpty, digest: digestOf(EMPTY), size: EMPTY.byteLength };
  const annotations = { "org.opencontainers.image.title": "imageset.lock" };
  const document = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    artifactType: LOCK_MEDIA_TYPE,
    config,
    layers: [layer],
    annotations,
  };
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  const manifest: Descriptor = { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf(bytes), size: bytes.byteLength };
  return {
    tag: lockTag(lock.imageSet.name),
    manifest,
    bytes,
    contents: [
      [config, () => [EMPTY]],
      [layer, text],
    ],
  };
}

/** Stores a lock at a registry. One that is there already costs a look; where none is, nothing of it is looked for. */
export async function storeLock(
  store: Writer & Reader,
  artifact: LockArtifact,
  options: IoOptions & { readonly repository: string },
): Promise<void> {
  const place = { repository: options.repository };
  const { manifest, bytes, tag } = artifact;
  const there = await store.resolve(place, tag, options);
  if (there?.digest === manifest.digest) return;
  const puts = artifact.contents.map(async ([descriptor, body]) => {
    if (there !== undefined && (await store.has(place, descriptor, options))) return;
    const write = await store.begin(place, descriptor, options);
    await write.append(chunks(body()));
    await write.commit();
  });
  for (const put of await Promise.allSettled(puts)) if (put.status === "rejected") throw put.reason;
  await store.putManifest(place, manifest, { mediaType: manifest.mediaType, digest: manifest.digest, bytes }, [tag], options);
}

/** Names of the locks that a target holds, sorted. */
export async function storedLocks(
  store: Reader & Partial<Lister>,
  options: IoOptions & { readonly repository: string },
): Promise<string[]> {
  if (!isLister(store)) return [];
  const names: string[] = [];
  try {
    for await (const tag of store.tags({ repository: options.repository }, options)) if (!REFERRERS_TAG.test(tag)) names.push(tag);
  } catch (error) {
    if (error instanceof OciError && error.code === "NOT_FOUND") return [];
    throw error;
  }
  return names.sort();
}

/**
 * Reads a lock that a run stored at a target: the one of that name, or the only one.
 * @throws MirrorError `LOCK_NOT_FOUND`, `LOCK_INVALID`
 */
export async function fetchLock(
  store: Reader & Partial<Lister>,
  options: IoOptions & { readonly repository: string; readonly name?: string | undefined },
): Promise<ImageSetLock> {
  const place = { repository: options.repository };
  const tag = options.name === undefined ? await onlyLock(store, options) : lockTag(options.name);
  const descriptor = await store.resolve(place, tag, options);
  if (descriptor === undefined) throw noLock(store.name, options.repository, `it has no lock named ${JSON.stringify(tag)}`);
  const manifest = await store.manifest(place, descriptor, options);
  const parsed = parseManifest(manifest.bytes, manifest.mediaType, `${options.repository}:${tag}`);
  const layer = parsed.kind === "image" ? parsed.layers.find((one) => one.mediaType === LOCK_MEDIA_TYPE) : undefined;
  if (layer === undefined || layer.size > MAX_LOCK_BYTES) throw noLock(store.name, options.repository, `${JSON.stringify(tag)} is no lock`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of verified(store.blob(place, layer).open(0, options), layer)) chunks.push(chunk);
  return parseLock(Buffer.concat(chunks).toString("utf8"), `${store.name}/${options.repository}:${tag}`);
}

async function onlyLock(store: Reader & Partial<Lister>, options: IoOptions & { readonly repository: string }): Promise<string> {
  const names = await storedLocks(store, options);
  const [only, ...others] = names;
  if (only === undefined) throw noLock(store.name, options.repository, "it holds no lock");
  if (others.length > 0) throw noLock(store.name, options.repository, `it holds ${names.length} locks: ${names.join(", ")}`);
  return only;
}

function noLock(store: string, repository: string, why: string): MirrorError {
  return new MirrorError({
    code: "LOCK_NOT_FOUND",
    message: `Cannot find the lock of ${store}/${repository}: ${why}`,
    subject: `${store}/${repository}`,
    hint: "Name the image set with --name, pass a lock with --lock FILE, or mirror to this target first.",
  });
}

async function* chunks(bytes: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* bytes;
}
