import { type ByteSource, isOciError, type VolumeReader } from "@skerry/oci";
import type { Content, OpenBlob } from "./content.ts";
import { type ImageBytes, ImageContent, type ServedImage } from "./image-content.ts";

/** Digests alone find what an archive holds. */
const ANYWHERE = { repository: "" };

/** Serves images of an archive out of its volumes: nothing is unpacked or copied. What the archive lacks is not there. */
export function openArchiveContent(archive: VolumeReader, images: readonly ServedImage[]): Content {
  return new ImageContent(
    images.filter(({ digest }) => archive.holds(digest)),
    archiveBytes(archive),
  );
}

function archiveBytes(archive: VolumeReader): ImageBytes {
  return {
    async manifest(digest) {
      const size = archive.sizeOf(digest);
      if (size === undefined) return undefined;
      try {
        return (await archive.manifest(ANYWHERE, { digest, size, mediaType: "" })).bytes;
      } catch (error) {
        // Bytes that do not hash to their name count as absent; a volume that cannot be read is the operator's to mend.
        if (isOciError(error) && error.code === "DIGEST_MISMATCH") return undefined;
        throw error;
      }
    },
    size: async (digest) => archive.sizeOf(digest),
    async open(digest) {
      const size = archive.sizeOf(digest);
      return size === undefined ? undefined : new StreamedBlob(archive.blob(ANYWHERE, { digest, size, mediaType: "" }));
    },
    referrers: (subject) => Array.fromAsync(archive.referrers(ANYWHERE, subject)),
  };
}

/** A blob that is read as a stream: reads follow each other, and one elsewhere opens the stream anew. */
class StreamedBlob implements OpenBlob {
  readonly size: number;
  readonly #source: ByteSource;
  #chunks: AsyncIterator<Uint8Array> | undefined;
  #rest: Uint8Array = new Uint8Array();
  /** Position of the first byte of `#rest`. */
  #position = 0;

  constructor(source: ByteSource) {
    this.#source = source;
    this.size = source.size;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    if (position !== this.#position || this.#chunks === undefined) {
      await this.close();
      this.#chunks = this.#source.open(position)[Symbol.asyncIterator]();
      this.#position = position;
    }
    let filled = 0;
    while (filled < into.byteLength) {
      if (this.#rest.byteLength === 0) {
        const next = await this.#chunks.next();
        if (next.done === true) break;
        this.#rest = next.value;
      }
      const piece = this.#rest.subarray(0, into.byteLength - filled);
      into.set(piece, filled);
      filled += piece.byteLength;
      this.#rest = this.#rest.subarray(piece.byteLength);
    }
    this.#position += filled;
    return filled;
  }

  async close(): Promise<void> {
    const chunks = this.#chunks;
    this.#chunks = undefined;
    this.#rest = new Uint8Array();
    await chunks?.return?.();
  }
}
