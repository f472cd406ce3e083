import {
  type Descriptor,
  type Digest,
  isForeignLayerType,
  isManifestType,
  isOciError,
  manifestContents,
  type OciError,
  parseManifest,
  type Reader,
  verified,
  type Writer,
} from "@skerry/oci";
import type { ImageSetLock } from "../lock/types.ts";
import { targetRepository } from "../plan/destination.ts";
import type { LockedImage } from "../plan/types.ts";
import { pooled } from "../resolve/pool.ts";
import { Findings } from "./findings.ts";
import type { VerifyReport } from "./types.ts";

export interface VerifyOptions {
  /** For the report: `docker://HOST/PREFIX`. */
  readonly target: string;
  readonly prefix: string;
  readonly maxNestedPaths?: number;
  /** Reads every blob again and hashes it, instead of a look. */
  readonly deep: boolean;
  readonly concurrency?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onImage?: ((image: LockedImage) => void) | undefined;
}

/** A place that can be read and looked at. */
export type VerifiedStore = Reader & Pick<Writer, "has">;

/**
 * Looks at every root, tag, child, config, layer and referrer of a lock at a target. Manifests are read and hashed; blobs
 * are looked at, or read and hashed with `deep`. Nothing is asked of any other host.
 * @throws OciError when the target as a whole cannot be reached; what single images lack is a finding
 */
export async function verifyLock(lock: ImageSetLock, store: VerifiedStore, options: VerifyOptions): Promise<VerifyReport> {
  const check = new TargetCheck(store, options);
  const looked = pooled(lock.images, options.concurrency ?? 16, async (image) => {
    options.signal?.throwIfAborted();
    await check.image(image);
    return image;
  });
  for await (const image of looked) options.onImage?.(image);
  for (const missing of lock.missing) {
    const repository = targetRepository(options.prefix, missing.destination.repository, options.maxNestedPaths);
    check.findings.missing({
      repository,
      digest: missing.destination.tag,
      what: "tag",
      message: `${missing.origin} was never mirrored: ${missing.message}`,
      origin: missing.origin,
      reasons: missing.reasons,
    });
  }
  return check.findings.report(options.target, { roots: lock.images.length, ...check.counts(), deep: options.deep });
}

/** Codes that say the thing is there and is not what it should be. */
const DAMAGE: ReadonlySet<string> = new Set(["DIGEST_MISMATCH", "SIZE_MISMATCH", "MANIFEST_INVALID"]);

/**
 * Whether an error is about one thing that the target holds: it is not what it should be, or the target cannot read it.
 * docker-registry answers 500 for what a full disk cut short.
 */
function isDamage(error: OciError): boolean {
  return DAMAGE.has(error.code) || error.status === 500;
}

class TargetCheck {
  readonly findings: Findings = new Findings();
  readonly #store: VerifiedStore;
  readonly #options: VerifyOptions;
  /** Content of a repository that was checked already: a fault is attached to every image that shares it. */
  readonly #checked = new Map<string, Promise<string | undefined>>();
  #manifests = 0;
  #blobs = 0;
  #bytes = 0;

  constructor(store: VerifiedStore, options: VerifyOptions) {
    this.#store = store;
    this.#options = options;
  }

  counts(): { manifests: number; blobs: number; bytes: number } {
    return { manifests: this.#manifests, blobs: this.#blobs, bytes: this.#bytes };
  }

  async image(image: LockedImage): Promise<void> {
    const repository = targetRepository(this.#options.prefix, image.destination.repository, this.#options.maxNestedPaths);
    await this.#tag(image, repository, image.destination.tag, image.digest);
    const left = new Set(image.children.filter((child) => !child.copied).map((child) => child.digest));
    await this.#manifest(image, repository, { mediaType: image.mediaType, digest: image.digest, size: image.manifestBytes }, left);
    for (const referrer of image.referrers) {
      if (referrer.tag !== undefined) await this.#tag(image, repository, referrer.tag, referrer.digest);
      await this.#manifest(image, repository, { mediaType: referrer.mediaType, digest: referrer.digest, size: referrer.bytes }, left);
    }
  }

  async #tag(image: LockedImage, repository: string, tag: string, expected: Digest): Promise<void> {
    const about = { repository, digest: expected, origin: image.origin, reasons: image.reasons };
    let found: Descriptor | undefined;
    try {
      found = await this.#store.resolve({ repository }, tag, { signal: this.#options.signal });
    } catch (error) {
      if (!isOciError(error) || !isDamage(error)) throw error;
      this.findings.wrong({ ...about, expected: `${tag} → ${expected}`, found: error.message });
      return;
    }
    if (found === undefined)
      this.findings.missing({ ...about, digest: tag, what: "tag", message: `The tag ${repository}:${tag} is not there` });
    else if (found.digest !== expected)
      this.findings.wrong({ ...about, expected: `${tag} → ${expected}`, found: `${tag} → ${found.digest}` });
  }

  async #manifest(image: LockedImage, repository: string, descriptor: Descriptor, left: ReadonlySet<string>): Promise<void> {
    let bytes: Uint8Array;
    let mediaType: string;
    try {
      const manifest = await this.#store.manifest({ repository }, descriptor, { signal: this.#options.signal });
      bytes = manifest.bytes;
      mediaType = manifest.mediaType;
    } catch (error) {
      this.#fault(image, repository, descriptor, error, "manifest");
      return;
    }
    this.#manifests += 1;
    this.#bytes += bytes.byteLength;
    for (const content of manifestContents(parseManifest(bytes, mediaType, descriptor.digest))) {
      if (left.has(content.digest)) continue;
      if (isManifestType(content.mediaType)) await this.#manifest(image, repository, content, left);
      else await this.#blob(image, repository, content);
    }
  }

  async #blob(image: LockedImage, repository: string, descriptor: Descriptor): Promise<void> {
    if (isForeignLayerType(descriptor.mediaType) && (descriptor.urls?.length ?? 0) > 0) return;
    const key = `${repository}@${descriptor.digest}`;
    const running = this.#checked.get(key) ?? this.#look(repository, descriptor);
    this.#checked.set(key, running);
    try {
      const absent = await running;
      if (absent !== undefined)
        this.findings.missing({
          repository,
          digest: descriptor.digest,
          what: "blob",
          message: absent,
          origin: image.origin,
          reasons: image.reasons,
        });
    } catch (error) {
      this.#fault(image, repository, descriptor, error, "blob");
    }
  }

  /** Undefined when it is there (and right, with `deep`); else what is wrong. */
  async #look(repository: string, descriptor: Descriptor): Promise<string | undefined> {
    const { deep, signal } = this.#options;
    if (!(await this.#store.has({ repository }, descriptor, { signal })))
      return `The blob ${descriptor.digest} (${descriptor.size} bytes) is not in ${repository}`;
    this.#blobs += 1;
    if (!deep) return undefined;
    for await (const chunk of verified(this.#store.blob({ repository }, descriptor).open(0, { signal }), descriptor))
      this.#bytes += chunk.byteLength;
    return undefined;
  }

  /** A fault of one thing is a finding; a target that cannot be asked at all is an error. */
  #fault(image: LockedImage, repository: string, descriptor: Descriptor, error: unknown, what: "manifest" | "blob"): void {
    if (!isOciError(error)) throw error;
    const about = { repository, digest: descriptor.digest, origin: image.origin, reasons: image.reasons };
    if (error.code === "NOT_FOUND") {
      this.findings.missing({ ...about, what, message: `The ${what} ${descriptor.digest} is not in ${repository}` });
    } else if (isDamage(error)) {
      this.findings.wrong({ ...about, expected: descriptor.digest, found: error.message });
    } else {
      throw error;
    }
  }
}
