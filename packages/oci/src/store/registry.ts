import { RegistryBlobWrite } from "../client/blob-upload.ts";
import { type BlobOrigin, blobSource, hasBlob, repositoryOrigin } from "../client/blobs.ts";
import { deleteManifest } from "../client/deletion.ts";
import { foreignLayer } from "../client/foreign-layers.ts";
import { listRepositories, listTags } from "../client/listing.ts";
import { getManifest, hasManifest, putManifest, resolveManifest } from "../client/manifests.ts";
import { probePush, probeSparse } from "../client/probe.ts";
import { addToFallback, listReferrers, referrersTag } from "../client/referrers.ts";
import { nameOf, type RegistryNet, type Repository } from "../client/repository.ts";
import { mountBlob, type UploadSession } from "../client/uploads.ts";
import { isOciError, OciError } from "../errors.ts";
import type { Descriptor } from "../model/descriptor.ts";
import type { Digest } from "../model/digest.ts";
import { type Manifest, parseManifest } from "../model/manifest.ts";
import { isManifestType } from "../model/media-types.ts";
import { checkManifest } from "./check-manifest.ts";
import type {
  BlobWrite,
  ByteSource,
  Deleter,
  IoOptions,
  Lister,
  ManifestBytes,
  Mounter,
  Place,
  Reader,
  ReferrerOptions,
  Writer,
} from "./types.ts";

/** What a read is for: mirrors may serve only digests, or only tags. */
export type ReadBy = "digest" | "tag";

export interface RegistryStoreOptions {
  readonly net: RegistryNet;
  /** `host[:port]` as users write it. */
  readonly host: string;
  /** Where a repository is read from, in order; itself when missing. */
  readonly endpoints?: ((repository: string, by: ReadBy) => readonly Repository[]) | undefined;
  /** Looks ask for the right to push at once. */
  readonly writes?: boolean | undefined;
  /** Continuations of one blob without progress, 5. */
  readonly retries?: number | undefined;
}

/** A registry as a place that holds images: reads, writes, mounts, lists and deletes. */
export class RegistryStore implements Reader, Writer, Mounter, Lister, Deleter {
  readonly name: string;
  readonly host: string;
  readonly #options: RegistryStoreOptions;
  readonly #subjects: Map<string, Promise<unknown>> = new Map();
  /** Sessions that declined mounts left open, by repository and digest. */
  readonly #opened: Map<string, UploadSession> = new Map();

  constructor(options: RegistryStoreOptions) {
    this.host = options.host;
    this.name = `docker://${options.host}`;
    this.#options = options;
  }

  async resolve(at: Place, name: string, options?: IoOptions): Promise<Descriptor | undefined> {
    return this.#firstOf(at, byName(name), (endpoint) => resolveManifest(endpoint, name, options));
  }

  async manifest(at: Place, descriptor: Pick<Descriptor, "digest" | "mediaType" | "size">, options?: IoOptions): Promise<ManifestBytes> {
    const found = await this.#firstOf(at, "digest", (endpoint) => getManifest(endpoint, { name: descriptor.digest, io: options }));
    if (found !== undefined) return found;
    const subject = `${this.host}/${at.repository}@${descriptor.digest}`;
    throw new OciError({
      code: "NOT_FOUND",
      message: `Cannot read manifest ${subject}: it is not there`,
      subject,
      host: this.host,
      status: 404,
      registryCode: "MANIFEST_UNKNOWN",
    });
  }

  /** A manifest by tag or digest in one GET; undefined when it is not there. */
  async fetch(at: Place, name: string, options?: IoOptions): Promise<ManifestBytes | undefined> {
    return this.#firstOf(at, byName(name), (endpoint) => getManifest(endpoint, { name, io: options }));
  }

  blob(at: Place, descriptor: Descriptor): ByteSource {
    const origins = (): BlobOrigin[] => this.#endpoints(at, "digest").map((endpoint) => repositoryOrigin(endpoint, descriptor));
    return blobSource(origins, descriptor, { retries: this.#options.retries ?? 5 });
  }

  /** A foreign layer from its `urls`, for those who ask to include it. HTTPS only, without credentials. */
  foreign(descriptor: Descriptor): ByteSource {
    return foreignLayer(this.#options.net, descriptor, { by: this.host, retries: this.#options.retries ?? 5 });
  }

  /**
   * Finds out whether this account may push to a repository, by an upload that is opened and cancelled.
   * @throws OciError `DENIED`, `UNAUTHORIZED`, `NOT_FOUND` (Harbor: no such project) when it may not
   */
  probePush(at: Place, options: IoOptions = {}): Promise<void> {
    return probePush(this.#here(at), options);
  }

  /** Whether a repository takes an index whose children are not there; see probe.ts for what that leaves behind. */
  probeSparse(at: Place, options: IoOptions = {}): Promise<boolean> {
    return probeSparse(this.#here(at), options);
  }

  async *referrers(at: Place, subject: Digest, options?: ReferrerOptions): AsyncGenerator<Descriptor> {
    // A list of tags came from one of the mirrors and says nothing about the others.
    const asked = this.#endpoints(at, "digest").length > 1 ? { ...options, tags: undefined } : options;
    const listed = await this.#firstOf(at, "digest", async (endpoint) => {
      const all = await Array.fromAsync(listReferrers(endpoint, subject, asked));
      return all.length === 0 ? undefined : all;
    });
    yield* listed ?? [];
  }

  async has(at: Place, descriptor: Descriptor, options?: IoOptions): Promise<boolean> {
    const look = isManifestType(descriptor.mediaType) ? hasManifest : hasBlob;
    const here = this.#here(at);
    try {
      return await look(here, descriptor.digest, options);
    } catch (error) {
      // An account that may only read (a verification with a pull secret) at a token service that refuses what it cannot grant.
      if (here.writes !== true || !isOciError(error) || (error.code !== "DENIED" && error.code !== "UNAUTHORIZED")) throw error;
      return look({ ...here, writes: false }, descriptor.digest, options);
    }
  }

  async begin(at: Place, descriptor: Descriptor, options: IoOptions = {}): Promise<BlobWrite> {
    const here = this.#here(at);
    const key = `${at.repository}@${descriptor.digest}`;
    const opened = this.#opened.get(key);
    this.#opened.delete(key);
    return await RegistryBlobWrite.begin(here, { descriptor, opened, io: options });
  }

  /**
   * @throws OciError `DIGEST_MISMATCH`, `SIZE_MISMATCH` when bytes and descriptor differ, before anything is sent, or the
   * registry keeps other bytes than it was sent; with `registryCode` MANIFEST_BLOB_UNKNOWN when the registry misses a blob, `SPARSE_REFUSED` when it
   * wants every child of an index, `BUSY` when the referrers' tag belongs to somebody else
   */
  async putManifest(
    at: Place,
    descriptor: Descriptor,
    manifest: ManifestBytes,
    tags: readonly string[],
    options: IoOptions = {},
  ): Promise<void> {
    // A tag says nothing about the bytes: a registry would take any.
    checkManifest(descriptor, manifest);
    const here = this.#here(at);
    const parsed = subjectOf(manifest, `${nameOf(here)}@${descriptor.digest}`);
    let acknowledged: string | undefined;
    for (const name of tags.length === 0 ? [descriptor.digest] : tags) {
      const put = await putManifest(here, { name, manifest, io: options }).catch((error: unknown) => {
        throw parsed?.kind === "index" ? sparseRefusal(error, here) : error;
      });
      acknowledged ??= put.subject;
    }
    const subject = parsed?.subject?.digest;
    if (parsed === undefined || subject === undefined || acknowledged !== undefined) return;
    await this.#oneAtATime(`${at.repository}@${subject}`, async () => {
      const update = await addToFallback(here, { manifest, parsed, subject, io: options });
      if (update === "foreign-tag") throw foreignTag(here, subject);
    });
  }

  async mount(at: Place, descriptor: Descriptor, from: Place, options: IoOptions = {}): Promise<boolean> {
    const here = this.#here(at);
    const start = await mountBlob(here, { digest: descriptor.digest, from: from.repository, io: options });
    if (start === undefined) return false;
    if (start.mounted) return true;
    // A declined mount opens an upload, and the caller uploads next.
    this.#opened.set(`${at.repository}@${descriptor.digest}`, start.session);
    return false;
  }

  async *repositories(options?: IoOptions): AsyncGenerator<string> {
    yield* listRepositories({ net: this.#options.net, host: this.host }, options);
  }

  async *tags(at: Place, options?: IoOptions): AsyncGenerator<string> {
    // A mirror may hold fewer tags than the registry, but a list of neither is no answer.
    const listed = await this.#firstOf(at, "tag", async (endpoint) => {
      const tags = listTags(endpoint, options);
      const first = await tags.next();
      return first.done === true ? undefined : { first: first.value, rest: tags };
    });
    if (listed === undefined) return;
    yield listed.first;
    yield* listed.rest;
  }

  delete(at: Place, name: string, options?: IoOptions): Promise<void> {
    return deleteManifest(this.#here(at), name, options);
  }

  #here(at: Place): Repository {
    return { net: this.#options.net, host: this.host, repository: at.repository, writes: this.#options.writes };
  }

  #endpoints(at: Place, by: ReadBy): readonly Repository[] {
    return this.#options.endpoints?.(at.repository, by) ?? [this.#here(at)];
  }

  /** Asks mirrors in order, then the registry itself. A mirror that lacks or fails is passed over; the last one's fault counts. */
  async #firstOf<T>(at: Place, by: ReadBy, ask: (endpoint: Repository) => Promise<T | undefined>): Promise<T | undefined> {
    let fault: unknown;
    for (const endpoint of this.#endpoints(at, by)) {
      fault = undefined;
      try {
        const found = await ask(endpoint);
        if (found !== undefined) return found;
      } catch (error) {
        if (isOciError(error) && error.code === "ABORTED") throw error;
        fault = error;
      }
    }
    if (fault !== undefined) throw fault;
    return undefined;
  }

  /** There is no compare-and-swap for tags: at least this process updates one subject's list once at a time. */
  async #oneAtATime(key: string, run: () => Promise<void>): Promise<void> {
    const before = this.#subjects.get(key) ?? Promise.resolve();
    const mine = before.catch(() => undefined).then(run);
    this.#subjects.set(key, mine);
    try {
      await mine;
    } finally {
      if (this.#subjects.get(key) === mine) this.#subjects.delete(key);
    }
  }
}

function byName(name: string): ReadBy {
  return name.includes(":") ? "digest" : "tag";
}

/** The manifest, parsed only when it may have a subject or be an index that a registry refuses. */
function subjectOf(manifest: ManifestBytes, name: string): Manifest | undefined {
  try {
    return parseManifest(manifest.bytes, manifest.mediaType, name);
  } catch {
    // Bytes are carried as they are; only the referrers' list needs to understand them.
    return undefined;
  }
}

/** docker-registry 2.8 and Gitea refuse an index whose children are not all there. */
function sparseRefusal(error: unknown, at: Repository): unknown {
  if (!isOciError(error) || (error.registryCode !== "MANIFEST_BLOB_UNKNOWN" && error.registryCode !== "MANIFEST_UNKNOWN")) return error;
  return error.with({
    code: "SPARSE_REFUSED",
    hint: `${at.host} wants every child of an index: copy all platforms, or use a registry that accepts sparse indexes.`,
  });
}

function foreignTag(at: Repository, subject: Digest): OciError {
  const tag = `${nameOf(at)}:${referrersTag(subject)}`;
  return new OciError({
    code: "BUSY",
    message: `Cannot list a referrer of ${nameOf(at)}@${subject}: tag ${tag} holds an image, not a list of referrers, and is left alone`,
    subject: tag,
    host: at.host,
    hint: "The manifest itself was pushed. Move that tag away, or use a registry with the referrers API.",
  });
}
