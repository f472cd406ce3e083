import type { Slot } from "../gate.ts";
import type { Descriptor } from "../model/descriptor.ts";
import type { Digest } from "../model/digest.ts";

/** A repository within a store. A registry's blobs live per repository; a layout ignores it except in names. */
export interface Place {
  readonly repository: string;
}

/** A manifest exactly as it came: it is parsed, never re-serialised. */
export interface ManifestBytes {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

export interface IoOptions {
  readonly signal?: AbortSignal | undefined;
  /** A place at the host's gate that the caller already holds; without it a request takes one of its own. */
  readonly slot?: Slot | undefined;
}

/** How referrers are looked for. */
export interface ReferrerOptions extends IoOptions {
  /** The digest tags (`sha256-<hex>`, with and without a suffix) of the repository, where the caller has listed them: one that is not there need not be asked for. */
  readonly tags?: ReadonlySet<string> | undefined;
}

/** Content that can be opened again, at any offset: retry and resume come free. */
export interface ByteSource {
  /** Bytes in all. */
  readonly size: number;
  /**
   * Chunks from `offset` to the end. Not verified: wrap the whole with `verified` (hash.ts).
   * @throws OciError while iterating, with `side` unset
   */
  open(offset: number, options?: IoOptions): AsyncIterable<Uint8Array>;
}

/** Something that images can be read from. */
export interface Reader {
  /** For messages: `docker://quay.io`, `oci:/srv/layout`. */
  readonly name: string;
  /** Host whose gate reads pass through; missing for stores on disk. */
  readonly host?: string | undefined;
  /** The descriptor behind a tag or digest, or undefined when it is not there. */
  resolve(at: Place, name: string, options?: IoOptions): Promise<Descriptor | undefined>;
  /**
   * The manifest's bytes, verified against the digest.
   * @throws OciError `NOT_FOUND`, `DIGEST_MISMATCH`, `MANIFEST_TOO_LARGE`, and whatever the transport throws
   */
  manifest(at: Place, descriptor: Pick<Descriptor, "digest" | "mediaType" | "size">, options?: IoOptions): Promise<ManifestBytes>;
  blob(at: Place, descriptor: Descriptor): ByteSource;
  /** Everything that names `subject` in its `subject` field, by API or tag schema. Distribution-spec "listing referrers". */
  referrers(at: Place, subject: Digest, options?: ReferrerOptions): AsyncIterable<Descriptor>;
}

/** Something that images can be written to. */
export interface Writer {
  readonly name: string;
  readonly host?: string | undefined;
  /** True when `commit` hashes what was written and nothing shows before: then nobody has to hash it on the way there too. */
  readonly checksContent?: boolean;
  /** Whether the blob or manifest is there, by a look, never by a guess. */
  has(at: Place, descriptor: Descriptor, options?: IoOptions): Promise<boolean>;
  /** Starts writing one blob. */
  begin(at: Place, descriptor: Descriptor, options?: IoOptions): Promise<BlobWrite>;
  /** Stores a manifest under its digest, then under each tag. Its children and blobs must be there, unless the index is sparse. */
  putManifest(at: Place, descriptor: Descriptor, manifest: ManifestBytes, tags: readonly string[], options?: IoOptions): Promise<void>;
}

/** One blob being written. Exactly one of `commit`, `park` and `drop` ends it. */
export interface BlobWrite {
  /** Bytes that are already there from an earlier, parked write; append continues after them. */
  readonly offset: number;
  /** Appends to what is there; may be called again after a broken-off body, from the then current `offset`. */
  append(body: AsyncIterable<Uint8Array>): Promise<void>;
  /**
   * Checks size and digest and makes the blob visible, atomically.
   * @throws OciError `DIGEST_MISMATCH`, `SIZE_MISMATCH`
   */
  commit(): Promise<void>;
  /** Leaves what was written for the next process to continue, where the store can; else the same as `drop`. */
  park(): Promise<void>;
  /** Leaves no trace. */
  drop(): Promise<void>;
}

/** Optional ability: make a blob of one repository available in another without moving bytes. */
export interface Mounter {
  /** True when mounted; false when the store declined (a refused mount is not an error). */
  mount(at: Place, descriptor: Descriptor, from: Place, options?: IoOptions): Promise<boolean>;
}

/** Optional ability: list what is there. */
export interface Lister {
  repositories(options?: IoOptions): AsyncIterable<string>;
  tags(at: Place, options?: IoOptions): AsyncIterable<string>;
}

/** Optional ability: read foreign layers from the addresses that their descriptors name. */
export interface ForeignReader {
  foreign(descriptor: Descriptor): ByteSource;
}

/** Optional ability: remove a tag (by name) or a manifest (by digest). */
export interface Deleter {
  delete(at: Place, name: string, options?: IoOptions): Promise<void>;
}

/** Optional ability: how much room is left. */
export interface Spacer {
  /** Free bytes and the mount point they were measured on. */
  space(): Promise<{ readonly where: string; readonly freeBytes: number }>;
}

/** True when the store can mount. */
export function isMounter(store: object): store is Mounter {
  return "mount" in store && typeof store.mount === "function";
}

/** True when the store can list. */
export function isLister(store: object): store is Lister {
  return "repositories" in store && "tags" in store;
}

/** True when the store reads foreign layers from their addresses. */
export function isForeignReader(store: object): store is ForeignReader {
  return "foreign" in store && typeof store.foreign === "function";
}

/** True when the store can delete. */
export function isDeleter(store: object): store is Deleter {
  return "delete" in store && typeof store.delete === "function";
}

/** True when the store knows its free space. */
export function isSpacer(store: object): store is Spacer {
  return "space" in store && typeof store.space === "function";
}

/** Optional ability: find out what a place allows before anything moves. */
export interface Prober {
  /** @throws OciError `DENIED`, `UNAUTHORIZED` when this user may not push there */
  probePush(at: Place, options?: IoOptions): Promise<void>;
  /** Whether an index is taken whose children are not all there. */
  probeSparse(at: Place, options?: IoOptions): Promise<boolean>;
}

/** True when the store can be probed. */
export function isProber(store: object): store is Prober {
  return "probePush" in store && "probeSparse" in store;
}
