import {
  type Descriptor,
  type Digest,
  digestAlgorithm,
  isDigest,
  isOciError,
  manifestContents,
  parseManifest,
  type Reader,
} from "@skerry/oci";
import type { Content, ManifestFacts, OpenBlob, StoredManifest } from "./content.ts";
import { feedOf } from "./feed.ts";
import { namedDescriptor } from "./named-descriptor.ts";
import type { RegistryStore } from "./store.ts";
import type { Uploads } from "./uploads.ts";

/** Repositories below `prefix` are filled from elsewhere when they are asked for what they lack. */
export interface Upstream {
  /** Local prefix: `quay` stands for `quay/…`. Who may read it is said by the access file, as for every repository. */
  readonly prefix: string;
  /** Value of the `ns` parameter that stands for this upstream: `quay.io`. */
  readonly namespace: string;
  readonly reader: Reader;
}

/** An upstream that stays away is spoken of again after so long. */
const SAID_FOR_MS = 60_000;

export interface PullThroughOptions {
  readonly upstreams: readonly Upstream[];
  /** Told why an upstream could not be asked, once a minute at most. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * A store that fetches what it lacks below the prefixes of its upstreams. Digests are immutable and fetched once; a tag is
 * looked up anew each time, and answered from what is there when the upstream cannot be reached.
 */
export class PullThrough implements Content {
  readonly #store: RegistryStore;
  readonly #uploads: Uploads;
  readonly #upstreams: readonly Upstream[];
  readonly #onWarning: (message: string) => void;
  readonly #saidAt = new Map<string, number>();
  readonly #fetches = new Map<string, Promise<unknown>>();

  constructor(store: RegistryStore, uploads: Uploads, { upstreams, onWarning }: PullThroughOptions) {
    this.#store = store;
    this.#uploads = uploads;
    this.#upstreams = upstreams;
    this.#onWarning = onWarning ?? ((): void => undefined);
  }

  async resolve(repository: string, name: string): Promise<ManifestFacts | undefined> {
    const known = await this.#store.resolve(repository, name);
    const from = this.#upstreamOf(repository);
    if (from === undefined || (known !== undefined && isDigest(name))) return known;
    const there = await this.#once(`${repository}:${name}`, () => this.#lookUp(from, name));
    if (there === undefined || there.digest === known?.digest) return known;
    await this.#once(`${repository}@${there.digest}`, () =>
      this.#fetchManifest(repository, from, { descriptor: there, tags: isDigest(name) ? [] : [name] }),
    );
    return this.#store.resolve(repository, name);
  }

  async manifest(repository: string, digest: Digest): Promise<StoredManifest | undefined> {
    await this.resolve(repository, digest);
    return this.#store.manifest(repository, digest);
  }

  async blobSize(repository: string, digest: Digest): Promise<number | undefined> {
    return (await this.#store.blobSize(repository, digest)) ?? (await this.#descriptorOf(repository, digest))?.size;
  }

  async openBlob(repository: string, digest: Digest): Promise<OpenBlob | undefined> {
    const known = await this.#store.openBlob(repository, digest);
    const from = this.#upstreamOf(repository);
    if (known !== undefined || from === undefined) return known;
    const descriptor = await this.#descriptorOf(repository, digest);
    if (descriptor === undefined) return undefined;
    await this.#once(`${repository}@${digest}`, () => this.#fetchBlob(repository, from, descriptor));
    return this.#store.openBlob(repository, digest);
  }

  tags(repository: string): Promise<readonly string[] | undefined> {
    return this.#store.tags(repository);
  }

  repositories(): Promise<readonly string[]> {
    return this.#store.repositories();
  }

  referrers(repository: string, subject: Digest): Promise<readonly Descriptor[]> {
    return this.#store.referrers(repository, subject);
  }

  /** The repository that a client means which asks for `path` of the namespace `ns`. */
  repositoryFor(namespace: string, path: string): string | undefined {
    const upstream = this.#upstreams.find((candidate) => candidate.namespace === namespace);
    return upstream === undefined ? undefined : `${upstream.prefix}/${path}`;
  }

  #upstreamOf(repository: string): Found | undefined {
    const upstream = this.#upstreams.find(({ prefix }) => repository.startsWith(`${prefix}/`));
    return upstream === undefined ? undefined : { ...upstream, at: { repository: repository.slice(upstream.prefix.length + 1) } };
  }

  /** An upstream that cannot be reached is one that has nothing new. */
  async #lookUp({ reader, at, namespace }: Found, name: string): Promise<Descriptor | undefined> {
    try {
      return await reader.resolve(at, name);
    } catch (error) {
      this.#warn(namespace, error);
      return undefined;
    }
  }

  /** Who pulls is told that the image is not there; the operator needs to know why. */
  #warn(namespace: string, error: unknown): void {
    const now = this.#store.now();
    const said = this.#saidAt.get(namespace);
    if (said !== undefined && now - said < SAID_FOR_MS) return;
    this.#saidAt.set(namespace, now);
    const why = isOciError(error) ? [error.message, error.hint].filter((part) => part !== undefined).join(". ") : "unexpected";
    this.#onWarning(`The upstream ${namespace} was of no use: ${why}`);
  }

  async #fetchManifest(
    repository: string,
    { reader, at }: Found,
    wanted: { descriptor: Descriptor; tags: readonly string[] },
  ): Promise<void> {
    const { digest, mediaType, bytes } = await reader.manifest(at, wanted.descriptor);
    const manifest = parseManifest(bytes, mediaType);
    const contents = manifestContents(manifest).map((descriptor) => descriptor.digest);
    await this.#store.putManifest(repository, { digest, mediaType, bytes, contents, blobs: [], tags: wanted.tags });
  }

  async #fetchBlob(repository: string, { reader, at }: Found, descriptor: Descriptor): Promise<void> {
    const upload = this.#uploads.begin(repository, "", digestAlgorithm(descriptor.digest));
    upload.busy = true;
    try {
      await this.#uploads.append(upload, feedOf(reader.blob(at, descriptor).open(0)));
      await this.#uploads.commit(upload, descriptor.digest);
    } catch (error) {
      await this.#uploads.drop(upload);
      throw error;
    }
  }

  /** A blob's size is in the manifest that names it, which was fetched before anybody can know the blob. */
  async #descriptorOf(repository: string, digest: Digest): Promise<Descriptor | undefined> {
    if (this.#upstreamOf(repository) === undefined) return undefined;
    return namedDescriptor(this.#store, repository, digest);
  }

  /** Whoever asks for the same thing at the same time waits for the same fetch. */
  #once<T>(name: string, work: () => Promise<T>): Promise<T> {
    const running = this.#fetches.get(name) as Promise<T> | undefined;
    if (running !== undefined) return running;
    const started = work().finally(() => this.#fetches.delete(name));
    this.#fetches.set(name, started);
    return started;
  }
}

interface Found extends Upstream {
  readonly at: { readonly repository: string };
}
