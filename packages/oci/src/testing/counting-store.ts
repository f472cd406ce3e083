import type { Descriptor } from "../model/descriptor.ts";
import type { Digest } from "../model/digest.ts";
import { MemoryStore } from "../store/memory/memory-store.ts";
import type { BlobWrite, ByteSource, IoOptions, ManifestBytes, Place } from "../store/types.ts";

/** A memory store that counts what a registry client would send: HEAD, GET, POST, PUT. */
export class CountingStore extends MemoryStore {
  readonly counts: Record<string, number> = {};
  /** Every request in order: `PUT manifest repo sha256:…`. */
  readonly log: string[] = [];

  /** Forgets what was counted. */
  reset(): void {
    for (const key of Object.keys(this.counts)) delete this.counts[key];
    this.log.length = 0;
  }

  override resolve(at: Place, name: string, options?: IoOptions): Promise<Descriptor | undefined> {
    this.#count("HEAD", `manifest ${at.repository} ${name}`);
    return super.resolve(at, name, options);
  }

  override manifest(at: Place, descriptor: Pick<Descriptor, "digest" | "mediaType" | "size">, options?: IoOptions): Promise<ManifestBytes> {
    this.#count("GET", `manifest ${at.repository} ${descriptor.digest}`);
    return super.manifest(at, descriptor, options);
  }

  override blob(at: Place, descriptor: Descriptor): ByteSource {
    const source = super.blob(at, descriptor);
    return {
      size: source.size,
      open: (offset, options) => {
        this.#count("GET", `blob ${at.repository} ${descriptor.digest}`);
        return source.open(offset, options);
      },
    };
  }

  override referrers(at: Place, subject: Digest, options?: IoOptions): AsyncGenerator<Descriptor> {
    this.#count("GET", `referrers ${at.repository} ${subject}`);
    return super.referrers(at, subject, options);
  }

  override tags(at: Place): AsyncGenerator<string> {
    this.#count("GET", `tags ${at.repository}`);
    return super.tags(at);
  }

  override has(at: Place, descriptor: Descriptor, options?: IoOptions): Promise<boolean> {
    this.#count("HEAD", `any ${at.repository} ${descriptor.digest}`);
    return super.has(at, descriptor, options);
  }

  override async begin(at: Place, descriptor: Descriptor, options?: IoOptions): Promise<BlobWrite> {
    this.#count("POST", `blob ${at.repository} ${descriptor.digest}`);
    const write = await super.begin(at, descriptor, options);
    const count = (): void => this.#count("PUT", `blob ${at.repository} ${descriptor.digest}`);
    return {
      get offset() {
        return write.offset;
      },
      append: (body) => write.append(body),
      async commit() {
        count();
        await write.commit();
      },
      park: () => write.park(),
      drop: () => write.drop(),
    };
  }

  override mount(at: Place, descriptor: Descriptor, from: Place, options?: IoOptions): Promise<boolean> {
    this.#count("POST", `mount ${at.repository} ${descriptor.digest}`);
    return super.mount(at, descriptor, from, options);
  }

  override putManifest(
    at: Place,
    descriptor: Descriptor,
    manifest: ManifestBytes,
    tags: readonly string[],
    options?: IoOptions,
  ): Promise<void> {
    for (const tag of tags.length === 0 ? [descriptor.digest] : tags) this.#count("PUT", `manifest ${at.repository} ${tag}`);
    return super.putManifest(at, descriptor, manifest, tags, options);
  }

  #count(method: string, what: string): void {
    this.counts[method] = (this.counts[method] ?? 0) + 1;
    this.log.push(`${method} ${what}`);
  }
}
