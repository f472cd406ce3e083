import { OciError } from "../../errors.ts";
import { checkExpected, Hasher } from "../../hash.ts";
import type { Descriptor } from "../../model/descriptor.ts";
import { type Digest, digestAlgorithm } from "../../model/digest.ts";
import { parseManifest } from "../../model/manifest.ts";
import { checkManifest } from "../check-manifest.ts";
import { layoutBlobName } from "../tar/tar-content.ts";
import { type TarBody, TarWriter } from "../tar/tar-writer.ts";
import type { BlobWrite, ManifestBytes, Place, Writer } from "../types.ts";
import { IndexFile } from "./index-file.ts";
import { layoutName } from "./names.ts";

/**
 * Begins an OCI layout in a tar. It is written in one pass, one blob at a time; the file appears, or replaces an older one,
 * when `close` has written its index.
 * @throws OciError `IO_FAILED`, `NO_SPACE`
 */
export async function createArchive(path: string): Promise<ArchiveWriter> {
  const tar = await TarWriter.create(path);
  const writer = new ArchiveWriter(`oci-archive:${path}`, tar);
  await tar.file("oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
  await tar.folder("blobs/");
  await tar.folder("blobs/sha256/");
  return writer;
}

/** Writes images into one tar. */
export class ArchiveWriter implements Writer, AsyncDisposable {
  readonly name: string;
  readonly #tar: TarWriter;
  readonly #index: IndexFile = IndexFile.empty();
  readonly #there = new Set<Digest>();
  readonly #children = new Set<Digest>();
  #open = true;

  /** Use {@link createArchive}. */
  constructor(name: string, tar: TarWriter) {
    this.name = name;
    this.#tar = tar;
  }

  async has(_at: Place, descriptor: Descriptor): Promise<boolean> {
    return this.#there.has(descriptor.digest);
  }

  async begin(_at: Place, descriptor: Descriptor): Promise<BlobWrite> {
    const body = await this.#tar.begin({ name: layoutBlobName(descriptor.digest), size: descriptor.size });
    return this.#write(descriptor, body);
  }

  async putManifest(at: Place, descriptor: Descriptor, manifest: ManifestBytes, tags: readonly string[]): Promise<void> {
    checkManifest(descriptor, manifest);
    const entry = { ...descriptor, mediaType: manifest.mediaType };
    if (!this.#there.has(descriptor.digest)) {
      this.#there.add(descriptor.digest);
      await this.#tar.file(layoutBlobName(descriptor.digest), manifest.bytes);
    }
    const parsed = parseManifest(manifest.bytes, manifest.mediaType, descriptor.digest);
    for (const { digest } of parsed.kind === "index" ? parsed.manifests : []) {
      this.#children.add(digest);
      this.#index.dropUnnamed(digest);
    }
    if (this.#index.byDigest(descriptor.digest) === undefined && !this.#children.has(descriptor.digest)) this.#index.addUnnamed(entry);
    for (const tag of tags) this.#index.setName(layoutName(at, tag), entry);
  }

  /** Writes the index and gives the archive its name; calling again does nothing. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    try {
      await this.#tar.file("index.json", this.#index.bytes());
      await this.#tar.close();
    } catch (error) {
      await this.#tar.discard();
      throw error;
    }
  }

  /** Leaves nothing behind, and an older archive of the name as it was. */
  async discard(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#tar.discard();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.discard();
  }

  #write(descriptor: Descriptor, body: TarBody): BlobWrite {
    const hasher = new Hasher(digestAlgorithm(descriptor.digest));
    const there = this.#there;
    return {
      get offset() {
        return hasher.size;
      },
      async append(chunks) {
        for await (const chunk of chunks) {
          if (hasher.size + chunk.byteLength > descriptor.size) throw tooLong(descriptor);
          hasher.update(chunk);
          await body.append(chunk);
        }
      },
      async commit() {
        try {
          checkExpected(hasher, descriptor);
        } catch (error) {
          await body.cut();
          throw error;
        }
        // A second writer of the same blob had to wait for the first, which has written it.
        if (there.has(descriptor.digest)) return body.cut();
        await body.end();
        there.add(descriptor.digest);
      },
      park: () => body.cut(),
      drop: () => body.cut(),
    };
  }
}

function tooLong(descriptor: Descriptor): OciError {
  return new OciError({
    code: "SIZE_MISMATCH",
    message: `Content of ${descriptor.digest} has the wrong length: expected ${descriptor.size} bytes, received more`,
    subject: descriptor.digest,
  });
}
