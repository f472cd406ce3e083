import {
  type Descriptor,
  type Digest,
  formatPlatform,
  isIndexType,
  MEDIA_TYPES,
  type Platform,
  type PlatformFilter,
  type Reader,
} from "@skerry/oci";
import { type JsonObject, member } from "../document/shape.ts";
import { CatalogError } from "../errors.ts";
import { writeTar } from "../tar/write.ts";
import type { CatalogFile } from "../types.ts";
import { BuiltStore } from "./built-store.ts";
import { changedConfig, scratchConfig } from "./change-config.ts";
import { configLabels, describe, type ImageAt, imageConfig, type PlatformImage, platformImages } from "./image-manifest.ts";
import { imageKind } from "./kind.ts";
import { bytesSource, type LayerFile, writeLayer } from "./layer-file.ts";
import { type ServeCommand, serveCommand } from "./serve-command.ts";
import { Spool } from "./spool.ts";
import { whiteoutMembers } from "./whiteout-members.ts";

export interface BuildCatalogImageOptions {
  /**
   * `over-source`: the source image with its catalog replaced. `over-base`: any image that holds `/bin/opm`, told to serve
   * `/configs`. `scratch`: nothing but `/configs`, for a cluster that extracts it.
   */
  readonly mode: "over-source" | "over-base" | "scratch";
  /** Needed for all but `scratch`, where it only gives the platforms. */
  readonly source?: ImageAt | undefined;
  readonly files: AsyncIterable<CatalogFile> | Iterable<CatalogFile>;
  /** Platforms of the source to build for; all unless given. */
  readonly platforms?: PlatformFilter | undefined;
  /** Platforms of a scratch image without source; the four that OpenShift runs on unless given. */
  readonly scratchPlatforms?: readonly Platform[] | undefined;
  /** Private directory for the layers; they stay there until `close`. */
  readonly workdir: string;
  readonly signal?: AbortSignal | undefined;
}

/** A catalog image that exists as far as its reader goes. */
export interface BuiltImage {
  readonly root: Descriptor;
  /** Serves the new manifests, configurations and layers; other blobs come from the source. */
  readonly reader: Reader;
  /** Bytes of the catalog's files, uncompressed. */
  readonly bytes: number;
  /** Removes the layers from disk. */
  close(): Promise<void>;
}

const ROOT = "configs";
const SCRATCH_PLATFORMS: readonly Platform[] = ["amd64", "arm64", "ppc64le", "s390x"].map((architecture) => ({
  os: "linux",
  architecture,
}));

/**
 * Builds a file-based catalog image. Over a source: for each of its platforms a layer that takes the old catalog and its
 * cache away, a layer with the new one, and a start command without `--cache-dir`; media types follow the source. The
 * same files over the same source give the same digest on every machine.
 * @throws CatalogError `CATALOG_UNREADABLE` when the source is no file-based catalog or has no wanted platform, `PATH_UNSAFE`, and what the reader throws
 */
export async function buildCatalogImage(options: BuildCatalogImageOptions): Promise<BuiltImage> {
  const build = new Build(options);
  try {
    const bytes = await build.spool();
    const root = options.mode === "scratch" ? await build.scratch() : await build.overSource();
    return { root, reader: build.store, bytes, close: () => build.close() };
  } catch (error) {
    await build.close();
    throw error;
  }
}

class Build {
  readonly store: BuiltStore;
  readonly #options: BuildCatalogImageOptions;
  readonly #layers = new Map<string, LayerFile>();
  #spool: Spool | undefined;

  constructor(options: BuildCatalogImageOptions) {
    this.#options = options;
    this.store = new BuiltStore(options.mode === "scratch" ? undefined : options.source);
  }

  async spool(): Promise<number> {
    this.#spool = await Spool.open(this.#options.workdir);
    for await (const file of this.#options.files) {
      this.#options.signal?.throwIfAborted();
      await this.#spool.add(file);
    }
    return this.#spool.bytes;
  }

  async overSource(): Promise<Descriptor> {
    const { source, signal, platforms } = this.#options;
    if (source === undefined)
      throw new CatalogError({ code: "UNSUPPORTED", message: "Cannot build a catalog image over its source: no source was given" });
    const children: Descriptor[] = [];
    for await (const image of platformImages(source, signal)) {
      if (image.platform !== undefined && platforms?.(image.platform) === false) continue;
      children.push(await this.#changedImage(source, image));
    }
    const [only] = children;
    if (only === undefined) throw noPlatform(source);
    await this.#closeSpool();
    return isIndexType(source.descriptor.mediaType) ? this.#index(children, source.descriptor.mediaType) : only;
  }

  async scratch(): Promise<Descriptor> {
    const platforms = await this.#scratchPlatforms();
    const layer = await this.#configsLayer(MEDIA_TYPES.ociLayerGzip);
    await this.#closeSpool();
    const children = platforms.map((platform) => {
      const config = this.#blob(scratchConfig(platform, layer.diffId), MEDIA_TYPES.ociConfig);
      const manifest = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, config, layers: [layer.descriptor] };
      return { ...this.#manifest(manifest, MEDIA_TYPES.ociManifest), platform };
    });
    const [only] = children;
    if (children.length === 1 && only !== undefined) return { mediaType: only.mediaType, digest: only.digest, size: only.size };
    return this.#index(children, MEDIA_TYPES.ociIndex);
  }

  async close(): Promise<void> {
    await this.#closeSpool();
    for (const layer of this.#layers.values()) await layer.remove();
    this.#layers.clear();
  }

  async #changedImage(source: ImageAt, image: PlatformImage): Promise<Descriptor> {
    const config = await imageConfig(source, image.manifest, this.#options.signal);
    const kind = imageKind(configLabels(config));
    const isBase = this.#options.mode === "over-base" && kind.kind !== "configs";
    if (kind.kind !== "configs" && !isBase) throw notFileBased(source, kind.kind === "none" ? kind.why : `it holds a ${kind.kind}`);
    const from = kind.kind === "configs" ? kind.path : ROOT;
    const command: ServeCommand = isBase
      ? { entrypoint: ["/bin/opm"], command: ["serve", `/${ROOT}`] }
      : serveCommand(config, { from, to: ROOT });
    const docker = image.manifest.mediaType === MEDIA_TYPES.dockerManifest;
    const mediaType = docker ? MEDIA_TYPES.dockerLayerGzip : MEDIA_TYPES.ociLayerGzip;
    const hidden = [...new Set([ROOT, from, ...(command.cacheDirectory === undefined ? [] : [command.cacheDirectory])])];
    const layers = [
      await this.#layer(`${mediaType} ${hidden.join(" ")}`, { mediaType, tar: () => writeTar(whiteoutMembers(hidden)) }),
      await this.#configsLayer(mediaType),
    ];
    const changed = changedConfig(config, {
      command,
      isForced: isBase,
      diffIds: layers.map((layer) => layer.diffId),
      directory: `/${ROOT}`,
    });
    const descriptor = this.#blob(changed, docker ? MEDIA_TYPES.dockerConfig : MEDIA_TYPES.ociConfig);
    const built = this.#manifest(changedManifest(image, descriptor, layers), image.manifest.mediaType);
    return image.platform === undefined ? built : { ...built, platform: image.platform };
  }

  #configsLayer(mediaType: string): Promise<LayerFile> {
    const spool = this.#spool;
    if (spool === undefined) throw new CatalogError({ code: "IO_FAILED", message: "Cannot write the catalog's layer: its files are gone" });
    return this.#layer(`${mediaType} files`, { mediaType, tar: () => writeTar(spool.members(ROOT)) });
  }

  /** Every platform shares the layers, so each is compressed once. */
  async #layer(key: string, how: { readonly mediaType: string; readonly tar: () => AsyncIterable<Uint8Array> }): Promise<LayerFile> {
    const known = this.#layers.get(key);
    if (known !== undefined) return known;
    const layer = await writeLayer(how.tar(), { workdir: this.#options.workdir, mediaType: how.mediaType });
    this.#layers.set(key, layer);
    this.store.addBlob(layer.descriptor.digest, layer.source);
    return layer;
  }

  async #scratchPlatforms(): Promise<readonly Platform[]> {
    const { source, signal, platforms, scratchPlatforms } = this.#options;
    if (scratchPlatforms !== undefined && scratchPlatforms.length > 0) return scratchPlatforms;
    if (source === undefined) return SCRATCH_PLATFORMS;
    const found = new Map<string, Platform>();
    for await (const image of platformImages(source, signal)) {
      const platform = image.platform ?? (await platformOf(source, image, signal));
      if (platforms?.(platform) !== false) found.set(formatPlatform(platform), platform);
    }
    if (found.size === 0) throw noPlatform(source);
    return [...found.values()];
  }

  #blob(document: JsonObject, mediaType: string): Descriptor {
    const bytes = Buffer.from(JSON.stringify(document));
    const descriptor = describe(bytes, mediaType);
    this.store.addBlob(descriptor.digest, bytesSource(bytes));
    return descriptor;
  }

  #manifest(document: JsonObject, mediaType: string): Descriptor {
    const bytes = Buffer.from(JSON.stringify(document));
    const descriptor = describe(bytes, mediaType);
    this.store.addManifest(descriptor, bytes);
    return descriptor;
  }

  #index(manifests: readonly Descriptor[], mediaType: string): Descriptor {
    return this.#manifest({ schemaVersion: 2, mediaType, manifests }, mediaType);
  }

  async #closeSpool(): Promise<void> {
    await this.#spool?.close();
    this.#spool = undefined;
  }
}

/** The source's manifest with the new configuration and layers; a `subject` would make the new image a referrer of another. */
function changedManifest(image: PlatformImage, config: Descriptor, layers: readonly LayerFile[]): JsonObject {
  const { subject: _, ...document } = JSON.parse(Buffer.from(image.bytes.bytes).toString("utf8")) as Record<string, unknown>;
  const old = Array.isArray(document["layers"]) ? document["layers"] : [];
  return { ...document, config, layers: [...old, ...layers.map((layer) => layer.descriptor)] };
}

async function platformOf(source: ImageAt, image: PlatformImage, signal: AbortSignal | undefined): Promise<Platform> {
  const config = await imageConfig(source, image.manifest, signal);
  const [os, architecture] = [member(config, "os"), member(config, "architecture")];
  return { os: typeof os === "string" ? os : "linux", architecture: typeof architecture === "string" ? architecture : "amd64" };
}

function noPlatform(source: ImageAt): CatalogError {
  return new CatalogError({
    code: "CATALOG_UNREADABLE",
    message: `Cannot build over ${source.descriptor.digest}: none of the wanted platforms is there`,
    subject: source.descriptor.digest as Digest,
    hint: "Leave out --platform, or name one that inspect --platforms shows.",
  });
}

function notFileBased(source: ImageAt, why: string): CatalogError {
  return new CatalogError({
    code: "CATALOG_UNREADABLE",
    message: `Cannot replace the catalog of ${source.descriptor.digest}: ${why}`,
    subject: source.descriptor.digest,
    hint: "Build from scratch, or over an image that holds a file-based catalog.",
  });
}
