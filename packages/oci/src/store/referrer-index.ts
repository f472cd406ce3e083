import type { Descriptor } from "../model/descriptor.ts";
import type { Digest } from "../model/digest.ts";
import type { IndexManifest, Manifest } from "../model/manifest.ts";

/** Which manifests name which subject, for stores that have to find out by themselves. Distribution-spec "listing referrers". */
export class ReferrerIndex {
  readonly #bySubject = new Map<Digest, Map<Digest, Descriptor>>();

  /** Notes a manifest when it has a subject. */
  add(descriptor: Pick<Descriptor, "digest" | "mediaType" | "size">, manifest: Manifest): void {
    if (manifest.subject === undefined) return;
    this.#note(manifest.subject.digest, referrerDescriptor(descriptor, manifest));
  }

  /** Notes what an index under a tag `sha256-<hex>` lists: how referrers are kept where there is no API. */
  addFallback(tag: string, index: IndexManifest): void {
    const subject = fallbackSubject(tag);
    if (subject === undefined) return;
    for (const entry of index.manifests) this.#note(subject, entry);
  }

  /** Forgets a manifest. */
  remove(digest: Digest): void {
    for (const found of this.#bySubject.values()) found.delete(digest);
  }

  /** Sorted by digest. */
  of(subject: Digest): Descriptor[] {
    return [...(this.#bySubject.get(subject)?.values() ?? [])].sort((a, b) => (a.digest < b.digest ? -1 : 1));
  }

  #note(subject: Digest, descriptor: Descriptor): void {
    const found = this.#bySubject.get(subject) ?? new Map<Digest, Descriptor>();
    found.set(descriptor.digest, descriptor);
    this.#bySubject.set(subject, found);
  }
}

/** The entry that a referrers list holds for a manifest: its artifact type (else its config's media type) and annotations. */
export function referrerDescriptor(descriptor: Pick<Descriptor, "digest" | "mediaType" | "size">, manifest: Manifest): Descriptor {
  const artifactType = manifest.artifactType ?? (manifest.kind === "image" ? manifest.config?.mediaType : undefined);
  return {
    mediaType: descriptor.mediaType,
    digest: descriptor.digest,
    size: descriptor.size,
    ...(artifactType === undefined || artifactType === "" ? {} : { artifactType }),
    ...(Object.keys(manifest.annotations).length === 0 ? {} : { annotations: manifest.annotations }),
  };
}

/** `sha256:…` of the referrers tag `sha256-<hex>`, else undefined. Distribution-spec "referrers tag schema". */
export function fallbackSubject(tag: string): Digest | undefined {
  return /^sha256-[0-9a-f]{64}$/.test(tag) ? (tag.replace("-", ":") as Digest) : undefined;
}
