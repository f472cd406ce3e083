import type { ByteSource, Descriptor, Digest, IoOptions, ManifestBytes, Place, Reader } from "@skerry/oci";
import { digestAlgorithm, digestHex, parseReference } from "@skerry/oci";
import type { ImageSetLock } from "../lock/types.ts";
import type { LockedImage, ReferrerImage } from "../plan/types.ts";

/** What is known of the referrers of images, so that no source is asked twice about what a lock already holds. */
export class ReferrerBook {
  /** `repository@digest` → what refers to it; present means asked. */
  readonly #bySubject = new Map<string, ReferrerImage[]>();

  /** Everything that a lock knows; a lock made without referrers knows nothing. */
  static of(lock: Pick<ImageSetLock, "images" | "referrers"> | undefined): ReferrerBook {
    const book = new ReferrerBook();
    if (lock?.referrers === "all") for (const image of lock.images) book.add(image);
    return book;
  }

  add(image: Pick<LockedImage, "origin" | "digest" | "children" | "referrers">): void {
    if (image.origin.startsWith("oci:")) return;
    const source = parseReference(image.origin);
    const at = `${source.registry}/${source.repository}`;
    const asked = [
      image.digest,
      ...image.children.filter((child) => child.copied).map((child) => child.digest),
      ...image.referrers.map((one) => one.digest),
    ];
    for (const digest of asked) if (!this.#bySubject.has(`${at}@${digest}`)) this.#bySubject.set(`${at}@${digest}`, []);
    for (const referrer of image.referrers) {
      const known = this.#bySubject.get(`${at}@${referrer.subject}`);
      if (known !== undefined && !known.some((one) => one.digest === referrer.digest && one.tag === referrer.tag)) known.push(referrer);
    }
  }

  get(host: string, repository: string, subject: Digest): readonly ReferrerImage[] | undefined {
    return this.#bySubject.get(`${host}/${repository}@${subject}`);
  }

  /** The same question by a tag such as `sha256-<hex>.sig` (cosign's naming) or `sha256-<hex>` (distribution-spec, referrers tag schema). */
  getByTag(host: string, repository: string, tag: string): { readonly found: ReferrerImage | undefined } | undefined {
    const subject = subjectOfTag(tag);
    const known = subject === undefined ? undefined : this.get(host, repository, subject);
    return known === undefined ? undefined : { found: known.find((one) => one.tag === tag) };
  }
}

/** A reader that answers questions about referrers from a book, and asks its inner reader only for what is not there. */
export function withKnownReferrers(inner: Reader, host: string, book: ReferrerBook): Reader {
  return {
    name: inner.name,
    host: inner.host,
    async resolve(at: Place, name: string, options?: IoOptions): Promise<Descriptor | undefined> {
      const known = book.getByTag(host, at.repository, name);
      if (known === undefined) return await inner.resolve(at, name, options);
      return known.found === undefined ? undefined : referrerDescriptor(known.found);
    },
    manifest: (at: Place, descriptor: Pick<Descriptor, "digest" | "mediaType" | "size">, options?: IoOptions): Promise<ManifestBytes> =>
      inner.manifest(at, descriptor, options),
    blob: (at: Place, descriptor: Descriptor): ByteSource => inner.blob(at, descriptor),
    async *referrers(at: Place, subject: Digest, options?: IoOptions): AsyncGenerator<Descriptor> {
      const known = book.get(host, at.repository, subject);
      if (known === undefined) yield* inner.referrers(at, subject, options);
      else for (const referrer of known) if (referrer.tag === undefined) yield referrerDescriptor(referrer);
    },
  };
}

function referrerDescriptor(referrer: ReferrerImage): Descriptor {
  return { mediaType: referrer.mediaType, digest: referrer.digest, size: referrer.bytes, artifactType: referrer.artifactType };
}

function subjectOfTag(tag: string): Digest | undefined {
  const match = /^(sha256|sha512)-([0-9a-f]{64,128})(?:\.(?:sig|att|sbom))?$/.exec(tag);
  if (match === null) return undefined;
  const digest = `${match[1]}:${match[2]}` as Digest;
  return digestAlgorithm(digest) === match[1] && digestHex(digest) === match[2] ? digest : undefined;
}
