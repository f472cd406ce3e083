import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { OciError } from "../../errors.ts";
import { digestOf } from "../../hash.ts";
import type { Descriptor } from "../../model/descriptor.ts";
import { type Digest, digestAlgorithm, digestHex, isDigest } from "../../model/digest.ts";
import { manifestMediaType } from "../../model/manifest.ts";
import { checkManifest } from "../check-manifest.ts";
import { writeFileAtomic } from "../disk/atomic-file.ts";
import { diskError, errnoOf } from "../disk/errors.ts";
import { FlatFolder } from "../disk/flat-folder.ts";
import { makeFolder } from "../disk/make-folder.ts";
import type { BlobWrite, ByteSource, ManifestBytes, Place, Reader, Writer } from "../types.ts";

/** The version that skopeo writes. containers/image, directory transport. */
const VERSION = "Directory Transport Version: 1.1\n";

/**
 * Opens a folder of skopeo's `dir:` transport: one image as `manifest.json`, children of an index as `<hex>.manifest.json`,
 * blobs as `<hex>`, all in one folder.
 * @param options.create make it one when it is empty or missing
 * @throws OciError `LAYOUT_INVALID`, `NOT_FOUND`, `IO_FAILED`
 */
export async function openDir(dir: string, options: { readonly create?: boolean } = {}): Promise<DirStore> {
  if (options.create === true) await makeDir(dir);
  const root = await readRoot(dir);
  if (root === undefined && options.create !== true) {
    throw new OciError({ code: "LAYOUT_INVALID", message: `Cannot open ${dir}: there is no manifest.json in it`, subject: dir });
  }
  return new DirStore(dir, root);
}

/** One image in a folder. It has no names and no repositories: whatever it is asked for by, there is one image. */
export class DirStore implements Reader, Writer {
  readonly name: string;
  readonly #dir: string;
  readonly #files: FlatFolder;
  #root: Descriptor | undefined;

  /** Use {@link openDir}. */
  constructor(dir: string, root: Descriptor | undefined) {
    this.name = `dir:${dir}`;
    this.#dir = dir;
    this.#root = root;
    this.#files = new FlatFolder(dir);
  }

  async resolve(_at: Place, name: string): Promise<Descriptor | undefined> {
    if (!isDigest(name) || name === this.#root?.digest) return this.#root;
    const bytes = await optional(join(this.#dir, `${digestHex(name)}.manifest.json`));
    return bytes === undefined ? undefined : { mediaType: manifestMediaType(bytes, undefined), digest: name, size: bytes.byteLength };
  }

  async manifest(_at: Place, descriptor: Pick<Descriptor, "digest" | "mediaType" | "size">): Promise<ManifestBytes> {
    const { digest } = descriptor;
    const name = digest === this.#root?.digest ? "manifest.json" : `${digestHex(digest)}.manifest.json`;
    const bytes = await this.#files.small(name, digest);
    return { mediaType: manifestMediaType(bytes, descriptor.mediaType), digest, bytes };
  }

  blob(_at: Place, descriptor: Descriptor): ByteSource {
    return this.#files.source(blobName(descriptor.digest), descriptor);
  }

  async *referrers(_at: Place, _subject: Digest): AsyncGenerator<Descriptor> {}

  async has(at: Place, descriptor: Descriptor): Promise<boolean> {
    if ((await this.#files.size(blobName(descriptor.digest))) === descriptor.size) return true;
    return (await this.resolve(at, descriptor.digest)) !== undefined;
  }

  begin(_at: Place, descriptor: Descriptor): Promise<BlobWrite> {
    return this.#files.begin(blobName(descriptor.digest), descriptor);
  }

  /** With a tag the manifest becomes the folder's one image; without one it is a child of it. */
  async putManifest(_at: Place, descriptor: Descriptor, manifest: ManifestBytes, tags: readonly string[]): Promise<void> {
    checkManifest(descriptor, manifest);
    const name = tags.length > 0 ? "manifest.json" : `${digestHex(descriptor.digest)}.manifest.json`;
    try {
      await writeFileAtomic(join(this.#dir, name), manifest.bytes);
    } catch (error) {
      throw diskError(error, `write manifest ${descriptor.digest}`, join(this.#dir, name));
    }
    if (tags.length > 0) this.#root = { ...descriptor, mediaType: manifest.mediaType };
  }
}

/** sha256 goes without its name, as skopeo has it. */
function blobName(digest: Digest): string {
  return digestAlgorithm(digest) === "sha256" ? digestHex(digest) : digest.replace(":", "-");
}

async function readRoot(dir: string): Promise<Descriptor | undefined> {
  const bytes = await optional(join(dir, "manifest.json"));
  if (bytes === undefined) return undefined;
  return { mediaType: manifestMediaType(bytes, undefined), digest: digestOf(bytes), size: bytes.byteLength };
}

async function optional(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
    throw diskError(error, "read manifest", path);
  }
}

async function makeDir(dir: string): Promise<void> {
  try {
    await makeFolder(dir);
    // What a killed process left; nothing in it can be continued.
    await rm(join(dir, ".partial"), { recursive: true, force: true });
    const files = await readdir(dir);
    if (files.length > 0 && !files.includes("version")) {
      throw new OciError({
        code: "LAYOUT_INVALID",
        message: `Cannot write an image into ${dir}: it holds other files`,
        subject: dir,
        hint: "Name a new or empty folder.",
      });
    }
    await writeFileAtomic(join(dir, "version"), Buffer.from(VERSION));
  } catch (error) {
    throw diskError(error, "make the folder", dir);
  }
}
