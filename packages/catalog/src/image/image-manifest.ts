import {
  type Descriptor,
  digestOf,
  formatPlatform,
  type ImageManifest,
  isIndexType,
  isOciError,
  isUnknownPlatform,
  type ManifestBytes,
  MEDIA_TYPES,
  type Place,
  type Platform,
  parseManifest,
  type Reader,
  verified,
} from "@skerry/oci";
import { asObject, asText, type JsonObject, member } from "../document/shape.ts";
import { CatalogError } from "../errors.ts";

/** An image somewhere: what is needed to read it. */
export interface ImageAt {
  readonly reader: Reader;
  readonly place: Place;
  readonly descriptor: Descriptor;
}

/** One image for one platform. */
export interface PlatformImage {
  readonly descriptor: Descriptor;
  readonly bytes: ManifestBytes;
  readonly manifest: ImageManifest;
  /** As the index says; missing when the root is no index. */
  readonly platform?: Platform;
}

const MAX_CONFIG_BYTES = 8 * 1024 * 1024;

/**
 * The images behind a descriptor: itself, or the children of an index in its order, without attestations. Children that
 * are not there (a sparse index) are left out.
 * @throws CatalogError `CATALOG_UNREADABLE` when no image is there, and whatever the reader throws
 */
export async function* platformImages(image: ImageAt, signal?: AbortSignal): AsyncGenerator<PlatformImage> {
  const root = await image.reader.manifest(image.place, image.descriptor, { signal });
  const parsed = parseManifest(root.bytes, root.mediaType, image.descriptor.digest);
  if (parsed.kind === "image") {
    yield { descriptor: image.descriptor, bytes: root, manifest: parsed };
    return;
  }
  for (const child of parsed.manifests) {
    if (isUnknownPlatform(child.platform) || isIndexType(child.mediaType)) continue;
    const bytes = await present(image.reader.manifest(image.place, child, { signal }));
    if (bytes === undefined) continue;
    const manifest = parseManifest(bytes.bytes, bytes.mediaType, child.digest);
    if (manifest.kind === "image")
      yield { descriptor: child, bytes, manifest, ...(child.platform === undefined ? {} : { platform: child.platform }) };
  }
}

/** The configuration of an image, as a document. */
export async function imageConfig(
  image: Pick<ImageAt, "reader" | "place">,
  manifest: ImageManifest,
  signal?: AbortSignal,
): Promise<JsonObject> {
  const { config } = manifest;
  if (config === undefined || config.size > MAX_CONFIG_BYTES) return {};
  // Artifacts keep something else where images keep their configuration.
  if (config.mediaType !== MEDIA_TYPES.ociConfig && config.mediaType !== MEDIA_TYPES.dockerConfig) return {};
  const parts: Uint8Array[] = [];
  for await (const part of verified(image.reader.blob(image.place, config).open(0, { signal }), config)) parts.push(part);
  try {
    return asObject(JSON.parse(Buffer.concat(parts).toString("utf8"))) ?? {};
  } catch (cause) {
    throw new CatalogError({
      code: "CATALOG_UNREADABLE",
      message: `Cannot read image configuration ${config.digest}: it is not JSON`,
      subject: config.digest,
      cause,
    });
  }
}

/** Labels of a configuration. */
export function configLabels(config: JsonObject): ReadonlyMap<string, string> {
  const labels = asObject(member(config, "config", "Labels")) ?? {};
  return new Map(Object.entries(labels).map(([key, value]) => [key, asText(value)]));
}

/** `linux/amd64`, or a word that says there is none. */
export function platformName(image: PlatformImage): string {
  return image.platform === undefined ? "the only platform" : formatPlatform(image.platform);
}

/** A descriptor of bytes at hand. */
export function describe(bytes: Uint8Array, mediaType: string): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
}

async function present(manifest: Promise<ManifestBytes>): Promise<ManifestBytes | undefined> {
  try {
    return await manifest;
  } catch (error) {
    if (isOciError(error) && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}
