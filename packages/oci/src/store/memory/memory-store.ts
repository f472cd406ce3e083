import { OciError } from "../../errors.ts";
import { checkExpected, Hasher } from "../../hash.ts";
import type { Descriptor } from "../../model/descriptor.ts";
import { type Digest, digestAlgorithm, isDigest } from "../../model/digest.ts";
import { parseManifest } from "../../model/manifest.ts";
import { checkManifest } from "../check-manifest.ts";
import { fallbackSubject, ReferrerIndex } from "../referrer-index.ts";
import type { BlobWrite, ByteSource, Deleter, IoOptions, Lister, ManifestBytes, Mounter, Place, Reader, Writer } from "../types.ts";

/** One repository of a {@link MemoryStore}. */
interface Shelf {
  readonly blobs: Map<Digest, Uint8Array>;
  readonly manifests: Map<Digest, ManifestBytes>;
  readonly tags: Map<string, Digest>;
  readonly referrers: ReferrerIndex;
}

export interface MemoryStoreOptions {
  readonly name?: string;
  readonly host?: string;
}

/**
 * Images in memory, with a registry's habits: blobs live per repository and can be mounted, a manifest is refused while its
 * blobs are missing. For tests, and for images that a program makes.
 */
export class MemoryStore implements Reader, Writer, Mounter, Lister, Deleter {
  readonly name: string;
  readonly host: string | undefined;
  readonly #shelves = new Map<string, Shelf>();
  readonly #parked = new Map<string, Uint8Array[]>();

  constructor(options: MemoryStoreOptions = {}) {
    this.name = options.name ?? "memory";
    this.host = options.host;
  }

  async resolve(at: Place, name: string, _options?: IoOptions): Promise<Descriptor | undefined> {
    const shelf = this.#shelves.get(at.repository);
    const digest = isDigest(name) ? name : shelf?.tags.get(name);
    const found = digest === undefined ? undefined : shelf?.manifests.get(digest);
    return found === undefined ? undefined : { mediaType: found.mediaType, digest: found.digest, size: found.bytes.byteLength };
  }

  async manifest(at: Place, descriptor: Pick<Descriptor, "digest" | "mediaType" | "size">, _options?: IoOptions): Promise<ManifestBytes> {
    const found = this.#shelves.get(at.repository)?.manifests.get(descriptor.digest);
    if (found === undefined) throw notFound(`manifest ${descriptor.digest}`, at);
    return found;
  }

  blob(at: Place, descriptor: Descriptor): ByteSource {
    const find = (): Uint8Array | undefined => this.#shelves.get(at.repository)?.blobs.get(descriptor.digest);
    return {
      size: descriptor.size,
      async *open(offset) {
        const bytes = find();
        if (bytes === undefined) throw notFound(`blob ${descriptor.digest}`, at);
        for (let start = offset; start < bytes.byteLength; start += 65_536) yield bytes.subarray(start, start + 65_536);
      },
    };
  }

  async *referrers(at: Place, subject: Digest, _options?: IoOptions): AsyncGenerator<Descriptor> {
    yield* this.#shelves.get(at.repository)?.referrers.of(subject) ?? [];
  }

  async has(at: Place, descriptor: Descriptor, _options?: IoOptions): Promise<boolean> {
    const shelf = this.#shelves.get(at.repository);
    return shelf !== undefined && (shelf.blobs.has(descriptor.digest) || shelf.manifests.has(descriptor.digest));
  }

  async begin(at: Place, descriptor: Descriptor, _options?: IoOptions): Promise<BlobWrite> {
    const key = `${at.repository} ${descriptor.digest}`;
    const chunks = this.#parked.get(key) ?? [];
    this.#parked.delete(key);
    const parked = this.#parked;
    const shelf = this.#shelf(at);
    const hasher = new Hasher(digestAlgorithm(descriptor.digest));
    for (const chunk of chunks) hasher.update(chunk);
    return {
      get offset() {
        return hasher.size;
      },
      async append(body) {
        for await (const chunk of body) {
          hasher.update(chunk);
          chunks.push(chunk.slice());
        }
      },
      async commit() {
        checkExpected(hasher, descriptor);
        shelf.blobs.set(descriptor.digest, Buffer.concat(chunks));
      },
      async park() {
        parked.set(key, chunks);
      },
      async drop() {
        chunks.length = 0;
      },
    };
  }

  async mount(at: Place, descriptor: Descriptor, from: Place, _options?: IoOptions): Promise<boolean> {
    const bytes = this.#shelves.get(from.repository)?.blobs.get(descriptor.digest);
    if (bytes === undefined) return false;
    this.#shelf(at).blobs.set(descriptor.digest, bytes);
    return true;
  }

  async putManifest(
    at: Place,
    descriptor: Descriptor,
    manifest: ManifestBytes,
    tags: readonly string[],
    _options?: IoOptions,
  ): Promise<void> {
    checkManifest(descriptor, manifest);
    const parsed = parseManifest(manifest.bytes, manifest.mediaType, descriptor.digest);
    const shelf = this.#shelf(at);
    if (parsed.kind === "image") {
      const wanted = parsed.config === undefined ? parsed.layers : [parsed.config, ...parsed.layers];
      const missing = wanted.find((blob) => !shelf.blobs.has(blob.digest) && blob.urls === undefined);
      if (missing !== undefined) throw blobUnknown(missing.digest, at);
    }
    shelf.manifests.set(descriptor.digest, manifest);
    shelf.referrers.add({ ...descriptor, mediaType: manifest.mediaType }, parsed);
    for (const tag of tags) {
      shelf.tags.set(tag, descriptor.digest);
      if (parsed.kind === "index" && fallbackSubject(tag) !== undefined) shelf.referrers.addFallback(tag, parsed);
    }
  }

  async *repositories(): AsyncGenerator<string> {
    yield* [...this.#shelves.keys()].sort();
  }

  async *tags(at: Place): AsyncGenerator<string> {
    yield* [...(this.#shelves.get(at.repository)?.tags.keys() ?? [])].sort();
  }

  async delete(at: Place, name: string): Promise<void> {
    const shelf = this.#shelf(at);
    if (!isDigest(name)) {
      shelf.tags.delete(name);
      return;
    }
    shelf.manifests.delete(name);
    shelf.blobs.delete(name);
    shelf.referrers.remove(name);
    for (const [tag, digest] of shelf.tags) if (digest === name) shelf.tags.delete(tag);
  }

  /** Puts a blob without ceremony, for programs that make images. */
  addBlob(at: Place, digest: Digest, bytes: Uint8Array): void {
    this.#shelf(at).blobs.set(digest, bytes);
  }

  #shelf(at: Place): Shelf {
    const known = this.#shelves.get(at.repository);
    if (known !== undefined) return known;
    const made: Shelf = { blobs: new Map(), manifests: new Map(), tags: new Map(), referrers: new ReferrerIndex() };
    this.#shelves.set(at.repository, made);
    return made;
  }
}

function notFound(what: string, at: Place): OciError {
  return new OciError({ code: "NOT_FOUND", message: `Cannot read ${what}: it is not in ${at.repository}`, subject: what });
}

function blobUnknown(digest: Digest, at: Place): OciError {
  return new OciError({
    code: "NOT_FOUND",
    message: `Cannot store the manifest in ${at.repository}: its blob ${digest} is not there`,
    subject: digest,
    registryCode: "MANIFEST_BLOB_UNKNOWN",
  });
}
