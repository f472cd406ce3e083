import { type ByteSource, type Descriptor, type IoOptions, isOciError, type ManifestBytes, type Place, type Reader } from "@skerry/oci";
import type { CatalogImageSource } from "./open-catalog.ts";

/** New content over an image that lies elsewhere: what the first reader has not, the image's own place gives. */
export function overlaidReader(
  own: Reader & { has(at: Place, descriptor: Descriptor): Promise<boolean> },
  at: Place,
  source: CatalogImageSource,
): Reader {
  return {
    name: own.name,
    // Blobs of the source travel through its host's gate.
    host: source.reader.host,
    resolve: (_at: Place, name: string, options?: IoOptions) => own.resolve(at, name, options),
    async manifest(_at: Place, descriptor: Pick<Descriptor, "digest" | "mediaType" | "size">, options?: IoOptions): Promise<ManifestBytes> {
      try {
        return await own.manifest(at, descriptor, options);
      } catch (error) {
        if (!isOciError(error) || error.code !== "NOT_FOUND") throw error;
        return await source.reader.manifest(source.place, descriptor, options);
      }
    },
    blob(_at: Place, descriptor: Descriptor): ByteSource {
      return {
        size: descriptor.size,
        async *open(offset: number, options?: IoOptions): AsyncGenerator<Uint8Array> {
          const holder = (await own.has(at, descriptor)) ? own.blob(at, descriptor) : source.reader.blob(source.place, descriptor);
          yield* holder.open(offset, options);
        },
      };
    },
    async *referrers(): AsyncGenerator<Descriptor> {
      // Nothing refers to an image that did not exist before.
    },
  };
}
