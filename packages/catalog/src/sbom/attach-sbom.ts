import { type Descriptor, digestOf, type ManifestBytes, MEDIA_TYPES, type Place, type Reader } from "@skerry/oci";
import type { BuiltImage } from "../image/build-image.ts";
import { BuiltStore } from "../image/built-store.ts";

/** Media type of a CycloneDX document in JSON, and type of the artifact that holds it. */
export const SBOM_TYPE = "application/vnd.cyclonedx+json";

/** A built image, and the referrer that lists what is inside. */
export interface WithSbom<Image extends BuiltImage> {
  readonly image: Image;
  readonly referrer: Descriptor;
}

/**
 * Adds a list of contents to a built image as a referrer: an artifact manifest whose subject is the image's root, so that
 * whoever copies the image with its referrers takes the list along. The same list makes the same digest. Pure.
 */
export function attachSbom<Image extends BuiltImage>(image: Image, sbom: Readonly<Record<string, unknown>>): WithSbom<Image> {
  const own = new BuiltStore(undefined);
  const blob = (bytes: Uint8Array, mediaType: string): Descriptor => {
    const digest = digestOf(bytes);
    own.addBlob(digest, {
      size: bytes.byteLength,
      async *open(offset) {
        yield bytes.subarray(offset);
      },
    });
    return { mediaType, digest, size: bytes.byteLength };
  };
  const { mediaType, digest, size } = image.root;
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociManifest,
      artifactType: SBOM_TYPE,
      config: blob(Buffer.from("{}"), MEDIA_TYPES.ociEmpty),
      layers: [blob(Buffer.from(`${JSON.stringify(sbom)}\n`), SBOM_TYPE)],
      subject: { mediaType, digest, size },
    }),
  );
  const descriptor = { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf(manifest), size: manifest.byteLength };
  own.addManifest(descriptor, manifest);
  const referrer = { ...descriptor, artifactType: SBOM_TYPE };
  return { image: { ...image, reader: new ReaderWithReferrer(image.reader, own, { subject: digest, referrer }) }, referrer };
}

/** The image's reader, with the artifact beside it. */
class ReaderWithReferrer implements Reader {
  readonly name: string;
  readonly host: string | undefined;
  readonly #image: Reader;
  readonly #own: BuiltStore;
  readonly #link: { readonly subject: string; readonly referrer: Descriptor };

  constructor(image: Reader, own: BuiltStore, link: { readonly subject: string; readonly referrer: Descriptor }) {
    this.name = image.name;
    this.host = image.host;
    this.#image = image;
    this.#own = own;
    this.#link = link;
  }

  resolve(...args: Parameters<Reader["resolve"]>): Promise<Descriptor | undefined> {
    return this.#image.resolve(...args);
  }

  manifest(...args: Parameters<Reader["manifest"]>): Promise<ManifestBytes> {
    return args[1].digest === this.#link.referrer.digest ? this.#own.manifest(...args) : this.#image.manifest(...args);
  }

  blob(at: Place, descriptor: Descriptor): ReturnType<Reader["blob"]> {
    return this.#own.holds(descriptor.digest) ? this.#own.blob(at, descriptor) : this.#image.blob(at, descriptor);
  }

  async *referrers(_at: Place, subject: string): AsyncGenerator<Descriptor> {
    if (subject === this.#link.subject) yield this.#link.referrer;
  }
}
