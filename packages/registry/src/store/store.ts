import { type Descriptor, type Digest, digestAlgorithm, Hasher, isDigest } from "@skerry/oci";
import { BlobPool } from "./blobs.ts";
import type { Content, ManifestFacts, OpenBlob, StoredManifest } from "./content.ts";
import type { Durable } from "./durable.ts";
import { InUse } from "./in-use.ts";
import type { Journal } from "./journal.ts";
import type { FileChange, TrackedChange } from "./journal-records.ts";
import { LAYOUT_VERSION, type Layout } from "./layout.ts";
import { BlobLinks } from "./links.ts";
import { Locks } from "./locks.ts";
import { Lru } from "./lru.ts";
import { ManifestLinks } from "./manifests.ts";
import { Referrers } from "./referrers.ts";
import { Tags } from "./tags.ts";
import { writeVersion } from "./version.ts";

const MANIFEST_CACHE_BYTES = 16 * 1024 * 1024;

/** A manifest to be stored, with what was read out of it. */
export interface NewManifest extends StoredManifest {
  readonly tags: readonly string[];
  /** Config and layers, or children. */
  readonly contents: readonly Digest[];
  /** Blobs that must be in the repository; a collection may have taken one since the client looked. */
  readonly blobs: readonly Digest[];
  readonly subject?: Digest;
  /** How the manifest appears among the referrers of its subject. */
  readonly referrer?: Descriptor;
}

export interface StoreOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** How long a blob that was looked at, mounted or uploaded counts as used. */
  readonly leaseMs: number;
  /** Where small files change. */
  readonly journal: Journal;
}

/** The store on disk: blobs once, and per repository small files that say what it holds. Every write is stable when it returns. */
export class RegistryStore implements Content {
  readonly layout: Layout;
  readonly durable: Durable;
  readonly blobs: BlobPool;
  readonly links: BlobLinks;
  readonly manifests: ManifestLinks;
  readonly tagFiles: Tags;
  readonly referrerFiles: Referrers;
  readonly locks: Locks = new Locks();
  readonly inUse: InUse;
  readonly now: () => number;
  readonly #journal: Journal;
  readonly #bytes = new Lru<Uint8Array>(MANIFEST_CACHE_BYTES);

  constructor(layout: Layout, durable: Durable, options: StoreOptions) {
    this.layout = layout;
    this.now = options.now;
    this.durable = durable;
    this.#journal = options.journal;
    this.blobs = new BlobPool(layout, this.durable);
    this.links = new BlobLinks(layout, this.durable);
    this.manifests = new ManifestLinks(layout, this.durable);
    this.tagFiles = new Tags(layout, this.durable);
    this.referrerFiles = new Referrers(layout, this.durable);
    this.inUse = new InUse(options.leaseMs, options.now);
  }

  async resolve(repository: string, name: string): Promise<ManifestFacts | undefined> {
    const digest = isDigest(name) ? name : await this.tagFiles.get(repository, name);
    if (digest === undefined) return undefined;
    const link = await this.manifests.get(repository, digest);
    // A manifest in quarantine has its link and no bytes: it counts as absent.
    if (link === undefined || (await this.manifestBytes(digest)) === undefined) return undefined;
    return { digest, mediaType: link.mediaType, size: link.size };
  }

  async manifest(repository: string, digest: Digest): Promise<StoredManifest | undefined> {
    const link = await this.manifests.get(repository, digest);
    if (link === undefined) return undefined;
    const bytes = await this.manifestBytes(digest);
    return bytes === undefined ? undefined : { digest, mediaType: link.mediaType, bytes };
  }

  /** Bytes of a manifest, whichever repository holds it. */
  async manifestBytes(digest: Digest): Promise<Uint8Array | undefined> {
    const known = this.#bytes.get(digest);
    if (known !== undefined) return known;
    const bytes = await this.blobs.read(digest);
    if (bytes !== undefined) this.#bytes.set(digest, bytes, bytes.byteLength);
    return bytes;
  }

  async blobSize(repository: string, digest: Digest): Promise<number | undefined> {
    return (await this.links.has(repository, digest)) ? this.blobs.size(digest) : undefined;
  }

  async openBlob(repository: string, digest: Digest): Promise<OpenBlob | undefined> {
    return (await this.links.has(repository, digest)) ? this.blobs.open(digest) : undefined;
  }

  async tags(repository: string): Promise<readonly string[] | undefined> {
    const tags = await this.tagFiles.list(repository);
    const known = tags.length > 0 || (await this.manifests.hasRepository(repository)) || (await this.links.hasRepository(repository));
    return known ? tags : undefined;
  }

  repositories(): Promise<readonly string[]> {
    return this.manifests.repositories();
  }

  async referrers(repository: string, subject: Digest): Promise<readonly Descriptor[]> {
    const found: Descriptor[] = [];
    for (const descriptor of await this.referrerFiles.of(repository, subject)) {
      if ((await this.manifests.get(repository, descriptor.digest)) !== undefined) found.push(descriptor);
    }
    return found;
  }

  /** Notes that a push relies on a blob being there. */
  leaseBlob(repository: string, digest: Digest): void {
    if (!this.inUse.lease(repository, digest)) return;
    // The note on disk is for a collection after a restart; losing it costs a client one more upload.
    this.links.touch(repository, digest, this.now()).catch(() => undefined);
  }

  /** Takes an uploaded file, whose bytes are stable and hash to `digest`, into the pool and the repository. */
  async addBlob(repository: string, digest: Digest, path: string): Promise<void> {
    await this.#linking(digest, async () => {
      await this.#link(repository, digest, (mark) => this.blobs.adoptAndMark(path, digest, mark));
    });
  }

  /** Makes a blob of another repository readable in this one; false when the other does not hold it. */
  async mountBlob(repository: string, digest: Digest, from: string): Promise<boolean> {
    return this.#linking(digest, async () => {
      if ((await this.blobSize(from, digest)) === undefined) return false;
      await this.#link(repository, digest);
      return true;
    });
  }

  /** Makes a blob of the pool readable in a repository, whoever holds it; false when the pool lacks it. */
  async linkFromPool(repository: string, digest: Digest): Promise<boolean> {
    return this.#linking(digest, async () => {
      if ((await this.blobs.size(digest)) === undefined) return false;
      await this.#link(repository, digest);
      return true;
    });
  }

  /** Pinned, because a collection that begins now sees neither the link, which is not made yet, nor its making, which has begun. */
  #linking<T>(digest: Digest, work: () => Promise<T>): Promise<T> {
    return this.inUse.pinned([digest], () => this.locks.with(digest, work));
  }

  async #link(repository: string, digest: Digest, make?: (mark: string) => Promise<void>): Promise<void> {
    this.inUse.lease(repository, digest);
    const before = await this.links.has(repository, digest);
    if (make === undefined) await this.links.add(repository, digest);
    else await this.links.addBy(repository, digest, make);
    // A link that was there keeps its time, which a collection after a restart goes by.
    if (before) await this.links.touch(repository, digest, this.now());
  }

  /** Takes a damaged blob out of the pool. The caller holds its lock. */
  async quarantine(digest: Digest): Promise<void> {
    this.#bytes.delete(digest);
    await this.blobs.quarantine(digest);
  }

  /** Puts content back that was lost; false when the bytes are not the right ones. */
  async restore(digest: Digest, body: AsyncIterable<Uint8Array>): Promise<boolean> {
    const temporary = this.durable.temporaryName();
    const file = await this.durable.files.open(temporary, "create");
    const hasher = new Hasher(digestAlgorithm(digest));
    try {
      for await (const chunk of body) {
        await file.write([chunk], hasher.size);
        hasher.update(chunk);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    const right = hasher.digest() === digest;
    if (right) await this.locks.with(digest, () => this.blobs.adopt(temporary, digest));
    else await this.durable.files.remove(temporary);
    return right;
  }

  /** Takes a blob from one repository; false when it was not there. The bytes go with the next collection, if nobody else holds them. */
  async deleteBlob(repository: string, digest: Digest): Promise<boolean> {
    return this.locks.with(digest, async () => {
      this.inUse.release(repository, digest);
      return this.links.remove(repository, digest);
    });
  }

  /**
   * Stores a manifest, then its tags: bytes, entry among its subject's referrers, link, tags, each stable before the next.
   * Returns the first of its blobs that a collection took while the client was pushing, when there is one; nothing is stored then.
   */
  async putManifest(repository: string, manifest: NewManifest): Promise<Digest | undefined> {
    const { digest } = manifest;
    return this.inUse.pinned([digest, ...manifest.contents], async () => {
      const swept = await this.#sweptBlob(repository, manifest.blobs);
      if (swept !== undefined) return swept;
      await this.locks.with(digest, () => this.#storeManifest(repository, manifest));
      for (const blob of manifest.blobs) this.inUse.release(repository, blob);
      return undefined;
    });
  }

  async #storeManifest(repository: string, manifest: NewManifest): Promise<void> {
    const { digest, tags } = manifest;
    await this.locks.withAll(
      tags.map((tag) => `${repository}:${tag}`),
      async () => {
        const known = await this.#isStored(repository, manifest);
        const changes = known ? [] : this.#manifestChanges(repository, manifest);
        await this.#commit([...changes, ...tags.map((tag) => this.tagFiles.setting(repository, tag, digest))]);
      },
    );
  }

  async #isStored(repository: string, { digest, mediaType, bytes }: NewManifest): Promise<boolean> {
    const link = await this.manifests.getIfThere(repository, digest);
    return link?.mediaType === mediaType && (await this.blobs.size(digest)) === bytes.byteLength;
  }

  #manifestChanges(repository: string, { digest, mediaType, bytes, subject, referrer }: NewManifest): FileChange[] {
    const link = { mediaType, size: bytes.byteLength, ...(subject === undefined ? {} : { subject }) };
    return [
      this.blobs.putting(digest, bytes),
      ...(subject === undefined || referrer === undefined ? [] : [this.referrerFiles.adding(repository, subject, referrer)]),
      this.manifests.setting(repository, digest, link),
    ];
  }

  /** Makes all changes, in their order, or none after a crash; they are stable when it returns. */
  async #commit(changes: readonly (FileChange | TrackedChange)[]): Promise<void> {
    let done = false;
    try {
      if (changes.length > 0) await this.#journal.commit(changes);
      done = true;
    } finally {
      for (const change of changes) if ("settle" in change) change.settle(done);
    }
  }

  /** Waits for a running sweep of each blob, so that what it finds afterwards stays while the blobs are pinned. */
  async #sweptBlob(repository: string, blobs: readonly Digest[]): Promise<Digest | undefined> {
    for (const blob of blobs) {
      const gone = await this.locks.with(
        blob,
        async () => !(await this.links.has(repository, blob)) && this.inUse.wasSwept(repository, blob),
      );
      if (gone) return blob;
    }
    return undefined;
  }

  /** Removes a manifest with the tags that point at it; false when it was not there. */
  async deleteManifest(repository: string, digest: Digest, contents: readonly Digest[] = []): Promise<boolean> {
    return this.locks.with(digest, async () => {
      const link = await this.manifests.get(repository, digest);
      if (link === undefined) return false;
      for (const tag of await this.tagFiles.pointingAt(repository, digest)) await this.#removeTagOf(repository, tag, digest);
      const { subject } = link;
      await this.#commit([
        this.manifests.removing(repository, digest),
        ...(subject === undefined ? [] : [this.referrerFiles.removing(repository, subject, digest)]),
      ]);
      if (subject !== undefined) await this.referrerFiles.removeEmptyFolders(repository, subject);
      await this.manifests.removeEmptyFolders(repository);
      for (const blob of contents) {
        this.inUse.release(repository, blob);
        await this.links.touch(repository, blob, 0);
      }
      return true;
    });
  }

  /** The tag may have moved on since it was seen. */
  async #removeTagOf(repository: string, tag: string, digest: Digest): Promise<void> {
    await this.locks.with(`${repository}:${tag}`, async () => {
      if ((await this.tagFiles.get(repository, tag)) === digest) await this.#removeTag(repository, tag);
    });
  }

  /** Removes a tag and leaves its manifest; false when it was not there. */
  async deleteTag(repository: string, tag: string): Promise<boolean> {
    return this.locks.with(`${repository}:${tag}`, async () => {
      // Also a tag file that makes no sense can be deleted.
      if ((await this.tagFiles.facts(repository, tag)) === undefined) return false;
      await this.#removeTag(repository, tag);
      return true;
    });
  }

  async #removeTag(repository: string, tag: string): Promise<void> {
    await this.#commit([this.tagFiles.removing(repository, tag)]);
    await this.tagFiles.removeEmptyFolder(repository);
  }

  /** Leaves nothing in the journal. Nobody is at work on the store any more. */
  async close(): Promise<void> {
    if (await this.#journal.close()) await writeVersion(this.durable, this.layout, LAYOUT_VERSION);
  }
}
