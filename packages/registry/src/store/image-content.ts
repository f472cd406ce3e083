import { type Descriptor, type Digest, isDigest, type Manifest, manifestContents, manifestMediaType, parseManifest } from "@skerry/oci";
import type { Content, ManifestFacts, OpenBlob, StoredManifest } from "./content.ts";
import { byBytes } from "./tags.ts";

/** An image of a folder that was not made for this registry, and where it is served. */
export interface ServedImage {
  readonly repository: string;
  readonly tag?: string | undefined;
  readonly digest: Digest;
  /** What the folder says of it; else, and where that is no manifest's type, its bytes say it. */
  readonly mediaType?: string | undefined;
}

/** Where the bytes of served images lie. */
export interface ImageBytes {
  /** A manifest's bytes, or undefined when it is not there. */
  manifest(digest: Digest): Promise<Uint8Array | undefined>;
  /** Bytes of a blob, or undefined when it is not there. */
  size(digest: Digest): Promise<number | undefined>;
  open(digest: Digest): Promise<OpenBlob | undefined>;
  /** What names a subject, ordered by digest. */
  referrers(subject: Digest): Promise<readonly Descriptor[]>;
}

/** What is served as one repository. */
interface Served {
  readonly roots: ServedImage[];
  readonly tags: Map<string, Digest>;
}

/** What one repository holds. */
interface Held {
  readonly manifests: Map<Digest, ManifestFacts>;
  readonly blobs: Set<Digest>;
  readonly referrers: Map<Digest, readonly Descriptor[]>;
}

/**
 * Serves images from where they lie. A repository holds what its images are made of and what refers to them; its manifests
 * are read when it is first asked for, so that a start reads none.
 */
export class ImageContent implements Content {
  readonly #bytes: ImageBytes;
  readonly #served = new Map<string, Served>();
  readonly #held = new Map<string, Promise<Held>>();

  constructor(images: readonly ServedImage[], bytes: ImageBytes) {
    this.#bytes = bytes;
    for (const image of images) {
      const served = this.#served.get(image.repository) ?? { roots: [], tags: new Map<string, Digest>() };
      this.#served.set(image.repository, served);
      served.roots.push(image);
      if (image.tag !== undefined) served.tags.set(image.tag, image.digest);
    }
  }

  async resolve(repository: string, name: string): Promise<ManifestFacts | undefined> {
    const digest = isDigest(name) ? name : this.#served.get(repository)?.tags.get(name);
    return digest === undefined ? undefined : (await this.#of(repository))?.manifests.get(digest);
  }

  async manifest(repository: string, digest: Digest): Promise<StoredManifest | undefined> {
    const facts = (await this.#of(repository))?.manifests.get(digest);
    const bytes = facts === undefined ? undefined : await this.#bytes.manifest(digest);
    return facts === undefined || bytes === undefined ? undefined : { digest, mediaType: facts.mediaType, bytes };
  }

  async blobSize(repository: string, digest: Digest): Promise<number | undefined> {
    return (await this.#of(repository))?.blobs.has(digest) === true ? this.#bytes.size(digest) : undefined;
  }

  async openBlob(repository: string, digest: Digest): Promise<OpenBlob | undefined> {
    return (await this.#of(repository))?.blobs.has(digest) === true ? this.#bytes.open(digest) : undefined;
  }

  async tags(repository: string): Promise<readonly string[] | undefined> {
    const served = this.#served.get(repository);
    return served === undefined ? undefined : [...served.tags.keys()].sort(byBytes);
  }

  async repositories(): Promise<readonly string[]> {
    return [...this.#served.keys()].sort(byBytes);
  }

  async referrers(repository: string, subject: Digest): Promise<readonly Descriptor[]> {
    return (await this.#of(repository))?.referrers.get(subject) ?? [];
  }

  async #of(repository: string): Promise<Held | undefined> {
    const served = this.#served.get(repository);
    if (served === undefined) return undefined;
    const known = this.#held.get(repository);
    if (known !== undefined) return known;
    const reading = this.#read(served.roots);
    this.#held.set(repository, reading);
    // What could not be read is tried again by the next request.
    reading.catch(() => this.#held.delete(repository));
    return reading;
  }

  async #read(images: readonly ServedImage[]): Promise<Held> {
    const held: Held = { manifests: new Map(), blobs: new Set(), referrers: new Map() };
    const queue: Pick<ServedImage, "digest" | "mediaType">[] = [...images];
    for (const next of queue) {
      if (held.manifests.has(next.digest)) continue;
      const bytes = await this.#bytes.manifest(next.digest);
      const manifest = bytes === undefined ? undefined : readable(bytes, next.mediaType);
      if (bytes === undefined || manifest === undefined) continue;
      held.manifests.set(next.digest, { digest: next.digest, mediaType: manifest.mediaType, size: bytes.byteLength });
      const contents = manifestContents(manifest);
      if (manifest.kind === "index") queue.push(...contents);
      else for (const { digest } of contents) held.blobs.add(digest);
      const referrers = await this.#bytes.referrers(next.digest);
      if (referrers.length === 0) continue;
      held.referrers.set(next.digest, referrers);
      queue.push(...referrers);
    }
    return held;
  }
}

/** Undefined for bytes that are no manifest: the folder may list anything. */
function readable(bytes: Uint8Array, mediaType: string | undefined): Manifest | undefined {
  try {
    return parseManifest(bytes, manifestMediaType(bytes, mediaType));
  } catch {
    return undefined;
  }
}
