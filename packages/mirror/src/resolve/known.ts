import { type Digest, type KnownReferrer, parseReference } from "@skerry/oci";
import type { ImageSetLock } from "../lock/types.ts";
import type { LockedImage } from "../plan/types.ts";

/** What an earlier lock knows of the referrers of an image, so that no source is asked twice. */
export class KnownReferrers {
  readonly #images = new Map<string, LockedImage>();

  /** A lock that was made without looking for referrers knows nothing. */
  constructor(lock: Pick<ImageSetLock, "images" | "referrers"> | undefined) {
    if (lock?.referrers !== "all") return;
    for (const image of lock.images) this.#images.set(key(image.origin, image.digest), image);
  }

  /**
   * The referrers of an image, or undefined when they have to be asked for: it is new, or more of its platforms are wanted
   * than were looked at then.
   */
  of(origin: string, digest: Digest, wants: (platform: string) => boolean): readonly KnownReferrer[] | undefined {
    const image = this.#images.get(key(origin, digest));
    if (image === undefined || image.children.some((child) => !child.copied && wants(child.platform))) return undefined;
    return knownReferrers(image);
  }
}

/** The referrers of a locked image as the walk and the transfer take them. */
export function knownReferrers(image: Pick<LockedImage, "referrers">): readonly KnownReferrer[] {
  return image.referrers.map((referrer) => ({
    descriptor: { mediaType: referrer.mediaType, digest: referrer.digest, size: referrer.bytes, artifactType: referrer.artifactType },
    subject: referrer.subject,
    ...(referrer.tag === undefined ? {} : { tag: referrer.tag }),
  }));
}

function key(origin: string, digest: Digest): string {
  if (origin.startsWith("oci:")) return `${origin}@${digest}`;
  const reference = parseReference(origin);
  return `${reference.registry}/${reference.repository}@${digest}`;
}
