import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { type Descriptor, isIndexType, MEDIA_TYPES, type PlatformFilter } from "@skerry/oci";
import { CatalogError } from "../errors.ts";
import { writeTar } from "../tar/write.ts";
import type { BuiltImage } from "./build-image.ts";
import { BuiltStore } from "./built-store.ts";
import { databaseConfig } from "./change-config.ts";
import { describe, type ImageAt, imageConfig, platformImages } from "./image-manifest.ts";
import { bytesSource, type LayerFile, writeLayer } from "./layer-file.ts";

export interface BuildDatabaseImageOptions {
  /** Image that holds a catalog server for databases, such as ose-operator-registry:v4.3. */
  readonly base: ImageAt;
  /** The database on disk. */
  readonly database: string;
  readonly platforms?: PlatformFilter | undefined;
  /** Private directory for the layer; it stays there until `close`. */
  readonly workdir: string;
  readonly signal?: AbortSignal | undefined;
}

/** Where the server of every base looks, and where `oc adm catalog build` puts it. */
const DATABASE_PATH = "bundles.db";

/**
 * Puts a database over a base image as `/bundles.db`, for each of the base's platforms. The base's command keeps its
 * server; a `--database` in it is pointed at the new file.
 * @throws CatalogError `CATALOG_UNREADABLE` when the base has no wanted platform, and what the reader throws
 */
export async function buildDatabaseImage(options: BuildDatabaseImageOptions): Promise<BuiltImage> {
  const store = new BuiltStore(options.base);
  const { size } = await stat(options.database);
  const layers = new Map<string, LayerFile>();
  const close = async (): Promise<void> => {
    for (const layer of layers.values()) await layer.remove();
  };
  try {
    const children: Descriptor[] = [];
    for await (const image of platformImages(options.base, options.signal)) {
      if (image.platform !== undefined && options.platforms?.(image.platform) === false) continue;
      const docker = image.manifest.mediaType === MEDIA_TYPES.dockerManifest;
      const mediaType = docker ? MEDIA_TYPES.dockerLayerGzip : MEDIA_TYPES.ociLayerGzip;
      const member = { path: DATABASE_PATH, size, mode: 0o644, content: createReadStream(options.database) };
      const layer = layers.get(mediaType) ?? (await writeLayer(writeTar([member]), { workdir: options.workdir, mediaType }));
      layers.set(mediaType, layer);
      store.addBlob(layer.descriptor.digest, layer.source);
      const config = databaseConfig(await imageConfig(options.base, image.manifest, options.signal), {
        path: `/${DATABASE_PATH}`,
        diffId: layer.diffId,
      });
      const configBytes = Buffer.from(JSON.stringify(config));
      const descriptor = describe(configBytes, docker ? MEDIA_TYPES.dockerConfig : MEDIA_TYPES.ociConfig);
      store.addBlob(descriptor.digest, bytesSource(configBytes));
      const { subject: _, ...document } = JSON.parse(Buffer.from(image.bytes.bytes).toString("utf8")) as Record<string, unknown>;
      const old = Array.isArray(document["layers"]) ? document["layers"] : [];
      const built = put(store, { ...document, config: descriptor, layers: [...old, layer.descriptor] }, image.manifest.mediaType);
      children.push(image.platform === undefined ? built : { ...built, platform: image.platform });
    }
    const [only] = children;
    if (only === undefined) throw noPlatform(options.base);
    const { mediaType } = options.base.descriptor;
    const root = isIndexType(mediaType) ? put(store, { schemaVersion: 2, mediaType, manifests: children }, mediaType) : only;
    return { root, reader: store, bytes: size, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function put(store: BuiltStore, document: Readonly<Record<string, unknown>>, mediaType: string): Descriptor {
  const bytes = Buffer.from(JSON.stringify(document));
  const descriptor = describe(bytes, mediaType);
  store.addManifest(descriptor, bytes);
  return descriptor;
}

function noPlatform(base: ImageAt): CatalogError {
  return new CatalogError({
    code: "CATALOG_UNREADABLE",
    message: `Cannot build over ${base.descriptor.digest}: none of the wanted platforms is there`,
    subject: base.descriptor.digest,
    hint: "Leave out --platform, or name one that inspect --platforms shows.",
  });
}
