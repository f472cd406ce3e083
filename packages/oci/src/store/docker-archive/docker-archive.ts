import { OciError } from "../../errors.ts";
import { digestOf, Hasher } from "../../hash.ts";
import type { Descriptor } from "../../model/descriptor.ts";
import { type Digest, isDigest } from "../../model/digest.ts";
import { MEDIA_TYPES } from "../../model/media-types.ts";
import { readFrom } from "../disk/read-file.ts";
import type { ArchiveOptions } from "../layout/archive-reader.ts";
import { readEntry } from "../tar/tar-content.ts";
import { indexTar, type TarEntry } from "../tar/tar-index.ts";
import type { ByteSource, Lister, ManifestBytes, Place, Reader } from "../types.ts";
import { type SavedImage, savedImages } from "./saved-images.ts";

/** Docker's media type of a layer that is not compressed. */
const PLAIN_LAYER = "application/vnd.docker.image.rootfs.diff.tar";

/** A config that is larger is none. */
const MAX_CONFIG_BYTES = 8 * 1024 * 1024;

/** Content of one image, found in the tar. */
interface Converted {
  readonly manifest: ManifestBytes;
  readonly blobs: ReadonlyMap<Digest, TarEntry>;
}

/**
 * Opens what `docker save`, `podman save` or skopeo's `docker-archive` wrote. Such a tar has no manifest of a registry: each
 * image gets a Docker schema 2 one, with the config as it is and the layers as they lie there, uncompressed where they are.
 * @throws OciError `ARCHIVE_INVALID`, `UNSUPPORTED` for a compressed one, `NOT_FOUND`
 */
export async function openDockerArchive(path: string, options: ArchiveOptions = {}): Promise<DockerArchive> {
  const entries = await indexTar(path, options);
  const shown = options.shown ?? path;
  const manifest = entries.get("manifest.json");
  if (manifest === undefined || manifest.size > MAX_CONFIG_BYTES) throw invalid(shown, "there is no manifest.json in it");
  return new DockerArchive({ path, shown, entries }, savedImages(await readEntry(path, manifest), shown));
}

/** A docker archive as it lies on the disk. */
export interface DockerArchiveFile {
  readonly path: string;
  /** What messages call it. */
  readonly shown: string;
  readonly entries: ReadonlyMap<string, TarEntry>;
}

/** Images in a docker archive. Names are the tags that were saved: `docker.io/library/nginx:latest`. */
export class DockerArchive implements Reader, Lister {
  readonly name: string;
  readonly images: readonly SavedImage[];
  readonly #path: string;
  readonly #shown: string;
  readonly #entries: ReadonlyMap<string, TarEntry>;
  readonly #converted = new Map<SavedImage, Promise<Converted>>();

  /** Use {@link openDockerArchive}. */
  constructor(file: DockerArchiveFile, images: readonly SavedImage[]) {
    this.name = `docker-archive:${file.shown}`;
    this.images = images;
    this.#path = file.path;
    this.#shown = file.shown;
    this.#entries = file.entries;
  }

  async resolve(_at: Place, name: string): Promise<Descriptor | undefined> {
    for (const image of this.images) {
      if (!isDigest(name) && !image.names.includes(name) && name !== `@${this.images.indexOf(image)}`) continue;
      const { manifest } = await this.#convert(image);
      if (isDigest(name) && manifest.digest !== name) continue;
      return { mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.bytes.byteLength };
    }
    return undefined;
  }

  async manifest(_at: Place, descriptor: Pick<Descriptor, "digest" | "mediaType" | "size">): Promise<ManifestBytes> {
    for (const image of this.images) {
      const { manifest } = await this.#convert(image);
      if (manifest.digest === descriptor.digest) return manifest;
    }
    throw new OciError({
      code: "NOT_FOUND",
      message: `Cannot read ${descriptor.digest}: it is not in ${this.#shown}`,
      subject: descriptor.digest,
    });
  }

  blob(_at: Place, descriptor: Descriptor): ByteSource {
    const find = async (): Promise<TarEntry> => {
      for (const image of this.images) {
        const entry = (await this.#convert(image)).blobs.get(descriptor.digest);
        if (entry !== undefined) return entry;
      }
      throw new OciError({
        code: "NOT_FOUND",
        message: `Cannot read ${descriptor.digest}: it is not in ${this.#shown}`,
        subject: descriptor.digest,
      });
    };
    const path = this.#path;
    return {
      size: descriptor.size,
      async *open(offset, options) {
        const entry = await find();
        yield* readFrom(path, { ...options, offset: entry.offset + offset, length: Math.max(0, entry.size - offset) });
      },
    };
  }

  async *referrers(_at: Place, _subject: Digest): AsyncGenerator<Descriptor> {}

  async *repositories(): AsyncGenerator<string> {
    yield "";
  }

  async *tags(_at: Place): AsyncGenerator<string> {
    for (const { names } of this.images) yield* names;
  }

  #convert(image: SavedImage): Promise<Converted> {
    const known = this.#converted.get(image);
    if (known !== undefined) return known;
    const started = this.#make(image);
    this.#converted.set(image, started);
    return started;
  }

  async #make(image: SavedImage): Promise<Converted> {
    const configEntry = this.#entry(image.config);
    if (configEntry.size > MAX_CONFIG_BYTES) throw invalid(this.#shown, `${image.config} has ${configEntry.size} bytes`);
    const configBytes = await readEntry(this.#path, configEntry);
    const config = { mediaType: MEDIA_TYPES.dockerConfig, size: configBytes.byteLength, digest: digestOf(configBytes) };
    const diffIds = diffIdsOf(configBytes, this.#shown);
    if (diffIds.length !== image.layers.length) {
      throw invalid(this.#shown, `the config names ${diffIds.length} layers and manifest.json ${image.layers.length}`);
    }
    const blobs = new Map<Digest, TarEntry>([[config.digest, configEntry]]);
    const layers: { mediaType: string; size: number; digest: Digest }[] = [];
    for (const [index, name] of image.layers.entries()) {
      const entry = this.#entry(name);
      const layer = await this.#layer(entry, diffIds[index]);
      blobs.set(layer.digest, entry);
      layers.push(layer);
    }
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.dockerManifest, config, layers }));
    return { manifest: { mediaType: MEDIA_TYPES.dockerManifest, digest: digestOf(bytes), bytes }, blobs };
  }

  /** An uncompressed layer's digest is its diff ID, which the copy verifies; a compressed one has to be hashed. */
  async #layer(entry: TarEntry, diffId: Digest | undefined): Promise<{ mediaType: string; size: number; digest: Digest }> {
    const [first] = await Array.fromAsync(readFrom(this.#path, { offset: entry.offset, length: Math.min(2, entry.size) }));
    const isGzip = first?.[0] === 0x1f && first[1] === 0x8b;
    if (!isGzip && diffId !== undefined) return { mediaType: PLAIN_LAYER, size: entry.size, digest: diffId };
    const hasher = new Hasher();
    for await (const chunk of readFrom(this.#path, { offset: entry.offset, length: entry.size })) hasher.update(chunk);
    return { mediaType: MEDIA_TYPES.dockerLayerGzip, size: entry.size, digest: hasher.digest() };
  }

  #entry(name: string): TarEntry {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw invalid(this.#shown, `manifest.json names ${JSON.stringify(name)}, which is not in it`);
    return entry;
  }
}

function diffIdsOf(config: Uint8Array, path: string): Digest[] {
  try {
    const { rootfs } = JSON.parse(new TextDecoder().decode(config)) as { rootfs?: { diff_ids?: unknown } };
    const ids = rootfs?.diff_ids;
    if (Array.isArray(ids) && ids.every((id): id is Digest => typeof id === "string" && isDigest(id))) return ids;
  } catch (cause) {
    throw invalid(path, "the config of an image is not JSON", cause);
  }
  throw invalid(path, "the config of an image has no rootfs.diff_ids");
}

function invalid(path: string, why: string, cause?: unknown): OciError {
  return new OciError({
    code: "ARCHIVE_INVALID",
    message: `Cannot read docker archive ${path}: ${why}`,
    subject: path,
    ...(cause === undefined ? {} : { cause }),
  });
}
