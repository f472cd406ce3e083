import { type ByteSource, type Descriptor, type Digest, type ManifestBytes, OciError, type Place, type Reader } from "@skerry/oci";
import type { ImageAt } from "./image-manifest.ts";

/** New content over an image that lies elsewhere: what is not new is read from the source, whatever place is asked. */
export class BuiltStore implements Reader {
  readonly name: string;
  readonly host: string | undefined;
  readonly #source: Pick<ImageAt, "reader" | "place"> | undefined;
  readonly #manifests = new Map<Digest, ManifestBytes>();
  readonly #blobs = new Map<Digest, ByteSource>();

  constructor(source: Pick<ImageAt, "reader" | "place"> | undefined) {
    this.#source = source;
    this.name = source?.reader.name ?? "built catalog image";
    this.host = source?.reader.host;
  }

  addManifest(descriptor: Descriptor, bytes: Uint8Array): void {
    this.#manifests.set(descriptor.digest, { mediaType: descriptor.mediaType, digest: descriptor.digest, bytes });
  }

  addBlob(digest: Digest, source: ByteSource): void {
    this.#blobs.set(digest, source);
  }

  /** True for a blob that was added here, not one of the source. */
  holds(digest: Digest): boolean {
    return this.#blobs.has(digest);
  }

  async resolve(_at: Place, name: string): Promise<Descriptor | undefined> {
    const manifest = this.#manifests.get(name as Digest);
    return manifest === undefined ? undefined : { mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.bytes.byteLength };
  }

  async manifest(...[, descriptor, options]: Parameters<Reader["manifest"]>): Promise<ManifestBytes> {
    const own = this.#manifests.get(descriptor.digest);
    if (own !== undefined) return own;
    if (this.#source === undefined) throw absent(descriptor.digest);
    return this.#source.reader.manifest(this.#source.place, descriptor, options);
  }

  blob(_at: Place, descriptor: Descriptor): ByteSource {
    const own = this.#blobs.get(descriptor.digest);
    if (own !== undefined) return own;
    if (this.#source === undefined) throw absent(descriptor.digest);
    return this.#source.reader.blob(this.#source.place, descriptor);
  }

  /** Nothing refers to an image that did not exist before. */
  async *referrers(): AsyncGenerator<Descriptor> {}
}

function absent(digest: Digest): OciError {
  return new OciError({ code: "NOT_FOUND", message: `Cannot read ${digest}: it is no part of the built image`, subject: digest });
}
