import type { Descriptor } from "../../model/descriptor.ts";
import { type Digest, isDigest } from "../../model/digest.ts";
import { manifestMediaType, parseManifest } from "../../model/manifest.ts";
import type { Content } from "../content.ts";
import { ReferrerIndex } from "../referrer-index.ts";
import type { ByteSource, Lister, ManifestBytes, Place, Reader } from "../types.ts";
import type { IndexFile } from "./index-file.ts";
import { layoutName, splitLayoutName } from "./names.ts";

/** One image that a layout lists. */
export interface ListedImage {
  /** `org.opencontainers.image.ref.name`; missing for images without one. */
  readonly name: string | undefined;
  readonly descriptor: Descriptor;
}

/** Images of an OCI layout, wherever its files lie. Image-spec "image layout". */
export class LayoutReader implements Reader, Lister {
  readonly name: string;
  protected readonly index: IndexFile;
  protected readonly content: Content;
  #referrers: Promise<ReferrerIndex> | undefined;

  constructor(name: string, index: IndexFile, content: Content) {
    this.name = name;
    this.index = index;
    this.content = content;
  }

  /** Everything in it, by digest. */
  get byDigest(): Content {
    return this.content;
  }

  /** Every image that index.json lists. */
  images(): readonly ListedImage[] {
    return this.index.list();
  }

  async resolve(at: Place, name: string): Promise<Descriptor | undefined> {
    if (!isDigest(name)) return this.#typed(this.index.byName(layoutName(at, name)));
    const size = await this.content.size(name);
    if (size === undefined) return undefined;
    return this.#typed(this.index.byDigest(name) ?? { mediaType: "", digest: name, size });
  }

  async manifest(_at: Place, descriptor: Pick<Descriptor, "digest" | "mediaType" | "size">): Promise<ManifestBytes> {
    const bytes = await this.content.small(descriptor.digest);
    return { mediaType: manifestMediaType(bytes, descriptor.mediaType), digest: descriptor.digest, bytes };
  }

  blob(_at: Place, descriptor: Descriptor): ByteSource {
    return this.content.source(descriptor);
  }

  async *referrers(_at: Place, subject: Digest): AsyncGenerator<Descriptor> {
    this.#referrers ??= this.#readReferrers();
    yield* (await this.#referrers).of(subject);
  }

  async *repositories(): AsyncGenerator<string> {
    const names = this.index.list().flatMap(({ name }) => (name === undefined ? [] : [splitLayoutName(name).repository]));
    yield* [...new Set(names)].sort();
  }

  async *tags(at: Place): AsyncGenerator<string> {
    for (const { name } of this.index.list()) {
      if (name === undefined) continue;
      if (at.repository === "") yield name;
      else if (splitLayoutName(name).repository === at.repository) yield splitLayoutName(name).tag;
    }
  }

  /** Keeps the list of referrers true while the layout is written; once it has been read. */
  protected async noteReferrer(descriptor: Descriptor, content: ManifestBytes): Promise<void> {
    const referrers = await this.#referrers;
    referrers?.add(descriptor, parseManifest(content.bytes, content.mediaType, descriptor.digest));
  }

  async #typed(descriptor: Descriptor | undefined): Promise<Descriptor | undefined> {
    if (descriptor === undefined || descriptor.mediaType !== "") return descriptor;
    return { ...descriptor, mediaType: manifestMediaType(await this.content.small(descriptor.digest), undefined) };
  }

  async #readReferrers(): Promise<ReferrerIndex> {
    const referrers = new ReferrerIndex();
    for (const { name, descriptor } of this.index.list()) {
      const content = await this.manifest({ repository: "" }, descriptor).catch(() => undefined);
      if (content === undefined) continue;
      const manifest = parseManifest(content.bytes, content.mediaType, descriptor.digest);
      referrers.add({ ...descriptor, mediaType: content.mediaType }, manifest);
      if (name !== undefined && manifest.kind === "index") referrers.addFallback(splitLayoutName(name).tag, manifest);
    }
    return referrers;
  }
}
