import { readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OciError } from "../../errors.ts";
import type { Descriptor } from "../../model/descriptor.ts";
import { type Digest, isDigest } from "../../model/digest.ts";
import { parseManifest } from "../../model/manifest.ts";
import { checkManifest } from "../check-manifest.ts";
import { BlobFolder } from "../disk/blob-folder.ts";
import { diskError, errnoOf } from "../disk/errors.ts";
import { type FileLock, type LockOwner, takeLock } from "../disk/lock-file.ts";
import { makeFolder } from "../disk/make-folder.ts";
import { spaceAt } from "../disk/space.ts";
import type { BlobWrite, Deleter, ManifestBytes, Place, Spacer, Writer } from "../types.ts";
import { IndexFile } from "./index-file.ts";
import { LayoutReader } from "./layout-reader.ts";
import { layoutName } from "./names.ts";

export interface LayoutOptions {
  /** Make the folder a layout when it is none yet; implies `write`. */
  readonly create?: boolean;
  /** Take the layout's lock and allow changes. */
  readonly write?: boolean;
  /** Owner to name in the lock; default: this process. */
  readonly owner?: LockOwner;
}

/** Our own folder inside a layout: lock and unfinished blobs. Other tools read only what index.json reaches. */
const OWN = ".skerry";

/**
 * Opens an OCI image layout (image-spec "image layout", version 1.0.0). With `create` or `write` the layout is locked until
 * `close`, which also writes index.json a last time.
 * @throws OciError `LAYOUT_INVALID`, `NOT_FOUND`, `BUSY` naming the process that works on it, `IO_FAILED`
 */
export async function openLayout(dir: string, options: LayoutOptions = {}): Promise<LayoutStore> {
  const write = options.create === true || options.write === true;
  if (options.create === true) await makeLayout(dir);
  await checkVersion(dir);
  const lock = write ? await lockLayout(dir, options.owner) : undefined;
  try {
    const store = new LayoutStore(dir, await IndexFile.open(join(dir, "index.json"), join(dir, OWN, "partial")), lock);
    if (write) await store.sweep();
    return store;
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

/** Images in an OCI image layout on disk. Blobs are shared by all repositories; a repository is part of a name. */
export class LayoutStore extends LayoutReader implements Writer, Deleter, Spacer, AsyncDisposable {
  readonly #dir: string;
  readonly #blobs: BlobFolder;
  readonly #lock: FileLock | undefined;
  readonly #children = new Set<Digest>();

  /** Use {@link openLayout}. */
  constructor(dir: string, index: IndexFile, lock: FileLock | undefined) {
    const blobs = new BlobFolder(join(dir, "blobs"), join(dir, OWN, "partial"));
    super(`oci:${dir}`, index, blobs);
    this.#dir = dir;
    this.#lock = lock;
    this.#blobs = blobs;
  }

  async has(_at: Place, descriptor: Descriptor): Promise<boolean> {
    return (await this.#blobs.size(descriptor.digest)) === descriptor.size;
  }

  async begin(_at: Place, descriptor: Descriptor): Promise<BlobWrite> {
    this.#writable();
    return this.#blobs.begin(descriptor);
  }

  async putManifest(at: Place, descriptor: Descriptor, manifest: ManifestBytes, tags: readonly string[]): Promise<void> {
    this.#writable();
    checkManifest(descriptor, manifest);
    if (!(await this.has(at, descriptor))) await this.#blobs.putSmall(descriptor.digest, manifest.bytes);
    const entry = { ...descriptor, mediaType: manifest.mediaType };
    this.#list(entry, manifest);
    await this.noteReferrer(entry, manifest);
    for (const tag of tags) this.index.setName(layoutName(at, tag), entry);
    if (tags.length > 0) await this.index.flush();
  }

  /** Takes a tag or a digest from the list; its content stays until somebody collects garbage. */
  async delete(at: Place, name: string): Promise<void> {
    this.#writable();
    if (isDigest(name)) this.index.dropDigest(name);
    else this.index.dropName(layoutName(at, name));
    await this.index.flush();
  }

  space(): Promise<{ readonly where: string; readonly freeBytes: number }> {
    return spaceAt(this.#dir);
  }

  /** Writes index.json, gives back the lock and removes our own folder when nothing is parked in it. */
  async close(): Promise<void> {
    if (this.#lock === undefined) return;
    try {
      await this.index.flush(true);
    } finally {
      await rmdir(join(this.#dir, OWN, "partial")).catch(() => undefined);
      await this.#lock.release();
      await rmdir(join(this.#dir, OWN)).catch(() => undefined);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Removes what a killed process left behind; {@link openLayout} does it. */
  sweep(): Promise<void> {
    return this.#blobs.sweep();
  }

  /** Lists the manifest unless a parent that was written here holds it, and unlists its own children. */
  #list(descriptor: Descriptor, content: ManifestBytes): void {
    const manifest = parseManifest(content.bytes, content.mediaType, descriptor.digest);
    if (manifest.kind === "index") {
      for (const child of manifest.manifests) {
        this.#children.add(child.digest);
        this.index.dropUnnamed(child.digest);
      }
    }
    const isListed = this.index.byDigest(descriptor.digest) !== undefined;
    if (!isListed && !this.#children.has(descriptor.digest)) this.index.addUnnamed(descriptor);
  }

  #writable(): void {
    if (this.#lock !== undefined) return;
    throw new OciError({ code: "UNSUPPORTED", message: `Cannot write to ${this.name}: it was opened for reading`, subject: this.name });
  }
}

async function makeLayout(dir: string): Promise<void> {
  try {
    await makeFolder(join(dir, "blobs", "sha256"));
    const path = join(dir, "oci-layout");
    const there = await readFile(path).catch(() => Buffer.alloc(0));
    if (there.byteLength === 0) await writeFile(path, '{"imageLayoutVersion":"1.0.0"}');
  } catch (error) {
    throw diskError(error, "make an OCI layout", dir);
  }
}

async function lockLayout(dir: string, owner: LockOwner | undefined): Promise<FileLock> {
  try {
    await makeFolder(join(dir, OWN, "partial"), 0o700);
  } catch (error) {
    throw diskError(error, "lock the OCI layout", dir);
  }
  return takeLock(join(dir, OWN, "lock"), { subject: `layout ${dir}`, ...(owner === undefined ? {} : { owner }) });
}

async function checkVersion(dir: string): Promise<void> {
  const path = join(dir, "oci-layout");
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (errnoOf(cause) !== "ENOENT") throw diskError(cause, "read oci-layout", path);
    throw new OciError({
      code: "LAYOUT_INVALID",
      message: `Cannot open ${dir}: it is no OCI layout, there is no oci-layout file in it`,
      subject: dir,
    });
  }
  if (!/"imageLayoutVersion"\s*:\s*"1\.\d+\.\d+"/.test(text)) {
    throw new OciError({ code: "LAYOUT_INVALID", message: `Cannot open ${dir}: its layout version is not 1.x`, subject: path });
  }
}
