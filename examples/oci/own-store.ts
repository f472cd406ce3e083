import {
  type Descriptor,
  type Digest,
  digestOf,
  isDigest,
  type ManifestBytes,
  MEDIA_TYPES,
  OciError,
  type Place,
  type Reader,
} from "@skerry/oci";

/** A store of one's own: an image made of one text, that can be copied to any registry. Four methods are a Reader. */
export class GreetingStore implements Reader {
  readonly name = "greeting:";
  readonly #contents = new Map<Digest, Uint8Array>();
  readonly #manifest: ManifestBytes;

  constructor(text: string) {
    const config = this.#add("{}", MEDIA_TYPES.ociEmpty);
    const layer = this.#add(text, "text/plain");
    const document = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, artifactType: "text/plain", config, layers: [layer] };
    const bytes = new TextEncoder().encode(JSON.stringify(document));
    this.#manifest = { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf(bytes), bytes };
  }

  get descriptor(): Descriptor {
    const { mediaType, digest, bytes } = this.#manifest;
    return { mediaType, digest, size: bytes.byteLength };
  }

  async resolve(_at: Place, name: string): Promise<Descriptor | undefined> {
    return !isDigest(name) || name === this.#manifest.digest ? this.descriptor : undefined;
  }

  async manifest(_at: Place, wanted: Pick<Descriptor, "digest">): Promise<ManifestBytes> {
    if (wanted.digest === this.#manifest.digest) return this.#manifest;
    throw new OciError({ code: "NOT_FOUND", message: `Cannot read manifest ${wanted.digest}: there is only the greeting` });
  }

  blob(_at: Place, descriptor: Descriptor): ReturnType<Reader["blob"]> {
    const bytes = this.#contents.get(descriptor.digest) ?? new Uint8Array();
    return {
      size: bytes.byteLength,
      async *open(offset) {
        yield bytes.subarray(offset);
      },
    };
  }

  async *referrers(): AsyncIterable<Descriptor> {}

  #add(text: string, mediaType: string): Descriptor {
    const bytes = new TextEncoder().encode(text);
    const digest = digestOf(bytes);
    this.#contents.set(digest, bytes);
    return { mediaType, digest, size: bytes.byteLength };
  }
}
