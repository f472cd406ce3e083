import { createHash } from "node:crypto";
import { lstat, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { OciError } from "../errors.ts";
import type { Descriptor } from "../model/descriptor.ts";
import type { Digest } from "../model/digest.ts";
import { manifestMediaType } from "../model/manifest.ts";
import type { Content } from "../store/content.ts";
import { diskError, errnoOf } from "../store/disk/errors.ts";
import { SharedFile } from "../store/disk/read-file.ts";
import { IndexFile } from "../store/layout/index-file.ts";
import { LayoutReader } from "../store/layout/layout-reader.ts";
import { readSmall } from "../store/small-content.ts";
import type { IoOptions, Place } from "../store/types.ts";
import { type ArchiveBlob, type ArchiveContents, CONTENTS_FILE } from "./contents.ts";
import { parseContents } from "./parse-contents.ts";
import { isVolumeName } from "./volume-name.ts";

/** A contents file beyond this is no contents file: some 120 bytes a blob. */
const MAX_CONTENTS_BYTES = 512 * 1024 * 1024;

/** A stretch of content inside an archive. */
interface Stretch {
  readonly volume: number;
  readonly offset: number;
  readonly bytes: number;
}

/** An archive's contents, and the exact bytes that a signature is over. */
export interface ReadContents {
  readonly contents: ArchiveContents;
  readonly bytes: Uint8Array;
}

/**
 * Reads the contents file of a folder.
 * @throws OciError `NOT_FOUND` when there is no archive, `ARCHIVE_INVALID`, also for volumes without the file
 */
export async function readContents(dir: string): Promise<ReadContents> {
  const path = join(dir, CONTENTS_FILE);
  try {
    const { size } = await stat(path);
    if (size > MAX_CONTENTS_BYTES) {
      throw new OciError({ code: "ARCHIVE_INVALID", message: `Cannot read ${path}: it has ${size} bytes`, subject: path });
    }
    const bytes = await readFile(path);
    return { contents: parseContents(bytes.toString("utf8"), path), bytes };
  } catch (error) {
    const code = errnoOf(error);
    if (code !== "ENOENT" && code !== "ENOTDIR") throw diskError(error, "read the archive's contents", path);
    throw code === "ENOTDIR" ? notFolder(dir) : await noContents(dir, path);
  }
}

function notFolder(dir: string): OciError {
  return new OciError({
    code: "NOT_FOUND",
    message: `Cannot open archive ${dir}: it is a file`,
    subject: dir,
    hint: "Name the folder that holds the volumes and their contents.json.",
  });
}

async function noContents(dir: string, path: string): Promise<OciError> {
  const names = await readdir(dir).catch(() => undefined);
  if (names === undefined) {
    return new OciError({
      code: "NOT_FOUND",
      message: `Cannot open archive ${dir}: there is no such folder`,
      subject: dir,
      hint: "Check the path, and that the disk is mounted.",
    });
  }
  const volumes = names.filter(isVolumeName).length;
  if (volumes > 0) {
    return new OciError({
      code: "ARCHIVE_INVALID",
      message: `Cannot open archive ${dir}: its ${CONTENTS_FILE} is lost; ${volumes === 1 ? "a volume is" : `${volumes} volumes are`} there`,
      subject: path,
      hint: "Copy the file from the near side, or rebuild it from the volumes with 'skerry archive repair'.",
    });
  }
  return new OciError({
    code: "NOT_FOUND",
    message: `Cannot open archive ${dir}: there is no ${CONTENTS_FILE}`,
    subject: path,
    hint: "Check the folder: it is no archive, and nothing that another tool left was recognised in it.",
  });
}

/**
 * Opens an archive for reading. Blobs are read where they lie, from any number of volumes at the same time; nothing is unpacked.
 * @throws OciError `NOT_FOUND`, `ARCHIVE_INVALID`, `LAYOUT_INVALID`
 */
export async function openVolumes(dir: string): Promise<VolumeReader> {
  const { contents, bytes } = await readContents(dir);
  const places = new ArchivePlaces(dir, contents);
  const index = IndexFile.parse(Buffer.from(await places.file("index.json")).toString("utf8"), `${dir}, index.json`);
  return new VolumeReader(index, places, bytes);
}

/**
 * Opens an archive that may be damaged, to look what of it is right: content is found by its digest only, names are not read.
 * @throws OciError `NOT_FOUND`, `ARCHIVE_INVALID` for the contents file
 */
export async function openDamagedVolumes(dir: string): Promise<VolumeReader> {
  const { contents, bytes } = await readContents(dir);
  return new VolumeReader(IndexFile.empty(), new ArchivePlaces(dir, contents), bytes);
}

/** Images of an archive. */
export class VolumeReader extends LayoutReader {
  readonly contents: ArchiveContents;
  /** The contents file as it is. */
  readonly contentsBytes: Uint8Array;
  readonly dir: string;
  readonly #places: ArchivePlaces;

  /** Use {@link openVolumes}. */
  constructor(index: IndexFile, places: ArchivePlaces, contentsBytes: Uint8Array) {
    super(`archive:${places.dir}`, index, places);
    this.contents = places.contents;
    this.contentsBytes = contentsBytes;
    this.dir = places.dir;
    this.#places = places;
  }

  /** The types of index.json are for other tools; what a manifest is, its bytes say. */
  override async resolve(at: Place, name: string): Promise<Descriptor | undefined> {
    const found = await super.resolve(at, name);
    if (found === undefined) return undefined;
    return { ...found, mediaType: manifestMediaType(await this.#places.small(found.digest), undefined) };
  }

  /** True when the content itself is in the archive. */
  holds(digest: Digest): boolean {
    return this.#places.find(digest) !== undefined;
  }

  /** Bytes of content, or undefined when the archive does not hold it. */
  sizeOf(digest: Digest): number | undefined {
    return this.#places.find(digest)?.bytes;
  }

  /** A file besides the images, verified. @throws OciError `NOT_FOUND`, `ARCHIVE_INVALID` */
  file(name: string): Promise<Uint8Array> {
    return this.#places.file(name);
  }
}

/** Finds content in the volumes of an archive. */
export class ArchivePlaces implements Content {
  readonly dir: string;
  readonly contents: ArchiveContents;
  readonly #blobs = new Map<Digest, ArchiveBlob>();
  readonly #files = new Map<string, SharedFile>();

  constructor(dir: string, contents: ArchiveContents) {
    this.dir = dir;
    this.contents = contents;
    for (const blob of contents.blobs) this.#blobs.set(blob.digest, blob);
  }

  find(digest: Digest): ArchiveBlob | undefined {
    return this.#blobs.get(digest);
  }

  async size(digest: Digest): Promise<number | undefined> {
    return this.#blobs.get(digest)?.bytes;
  }

  small(digest: Digest): Promise<Uint8Array> {
    const blob = this.#blobs.get(digest);
    const where = `${this.dir}, volume ${blob?.volume ?? 0}`;
    return readSmall(digest, blob === undefined ? undefined : { where, size: blob.bytes, read: () => this.#whole(blob) });
  }

  source({ digest, size }: { readonly digest: Digest; readonly size: number }): ReturnType<Content["source"]> {
    return {
      size,
      open: (offset, options) => this.#from(digest, offset, options),
    };
  }

  /** A file besides the images, verified. */
  async file(name: string): Promise<Uint8Array> {
    const found = this.contents.files.find((one) => one.name === name);
    if (found === undefined) {
      throw new OciError({ code: "NOT_FOUND", message: `Cannot read ${name}: archive ${this.dir} does not hold it`, subject: name });
    }
    const bytes = await this.#whole(found);
    if (createHash("sha256").update(bytes).digest("hex") === found.sha256) return bytes;
    throw new OciError({
      code: "ARCHIVE_INVALID",
      message: `Cannot read ${name} of archive ${this.dir}: its bytes in volume ${found.volume} are damaged`,
      subject: name,
      hint: "Copy the archive again.",
    });
  }

  /** Bytes of a stretch, across volumes where it continues. */
  async *read(stretch: Stretch, options: IoOptions = {}): AsyncGenerator<Uint8Array> {
    let { offset } = stretch;
    let left = stretch.bytes;
    for (let index = stretch.volume - 1; left > 0; index++) {
      const volume = this.contents.volumes[index];
      if (volume === undefined) throw this.#short(stretch);
      const length = Math.min(left, (volume.bytes ?? Number.MAX_SAFE_INTEGER) - offset);
      if (length > 0) {
        let got = 0;
        for await (const chunk of this.#file(volume.name).read({ ...options, offset, length })) {
          got += chunk.byteLength;
          yield chunk;
        }
        if (got < length) throw this.#short(stretch);
        left -= length;
      }
      offset = 0;
    }
  }

  async *#from(digest: Digest, offset: number, options: IoOptions | undefined): AsyncGenerator<Uint8Array> {
    const blob = this.#blobs.get(digest);
    if (blob === undefined) await readSmall(digest, undefined);
    else yield* this.read(this.#after(blob, Math.min(offset, blob.bytes)), options);
  }

  #after(blob: ArchiveBlob, skip: number): Stretch {
    let index = blob.volume - 1;
    let offset = blob.offset + skip;
    for (;;) {
      const bytes = this.contents.volumes[index]?.bytes;
      if (bytes === undefined || offset < bytes || index >= this.contents.volumes.length - 1) break;
      offset -= bytes;
      index += 1;
    }
    return { volume: index + 1, offset, bytes: blob.bytes - skip };
  }

  async #whole(stretch: Stretch): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.read(stretch)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  #file(name: string): SharedFile {
    const known = this.#files.get(name);
    if (known !== undefined) return known;
    const path = join(this.dir, name);
    const file = new SharedFile(path, () => checkPlain(path));
    this.#files.set(name, file);
    return file;
  }

  #short(stretch: Stretch): OciError {
    return new OciError({
      code: "ARCHIVE_INVALID",
      message: `Cannot read archive ${this.dir}: it ends inside content of volume ${stretch.volume}`,
      subject: this.dir,
      hint: "Copy the archive again.",
    });
  }
}

/** A volume is a plain file: no link leads out of the folder. */
async function checkPlain(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    throw diskError(error, "open the volume", path);
  });
  if (found.isFile()) return;
  throw new OciError({ code: "ARCHIVE_INVALID", message: `Cannot read volume ${path}: it is not a plain file`, subject: path });
}
