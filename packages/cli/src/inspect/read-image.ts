import {
  type Descriptor,
  formatPlatform,
  type ImageManifest,
  isUnknownPlatform,
  type Manifest,
  type ManifestBytes,
  type Platform,
  parseManifest,
} from "@skerry/oci";
import type { Result } from "../output/documents.ts";
import type { FoundImage } from "../places/places.ts";
import { readSmallBlob } from "../places/small-blob.ts";

/** An image and, for an index, the one of its children that stands for it. */
export interface ReadImage {
  readonly found: FoundImage;
  readonly content: ManifestBytes;
  readonly manifest: Manifest;
  readonly chosen?: { readonly descriptor: Descriptor; readonly manifest: ImageManifest };
}

/** A layer as it is shown. */
export interface LayerSummary {
  readonly digest: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
}

/** The Inspect document. */
export interface InspectResult extends Result {
  readonly kind: "Inspect";
  readonly name: string;
  readonly digest: string;
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly platforms: readonly string[];
  /** The platform whose labels, layers and time are shown. */
  readonly shownPlatform?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly layers: readonly LayerSummary[];
  readonly layersBytes: number;
  readonly referrers: readonly { readonly digest: string; readonly artifactType: string; readonly sizeBytes: number }[];
  readonly createdAt?: string;
}

/** Reads the manifest and, where it is an index and `wantsChild`, the child that stands for it. */
export async function readImage(
  found: FoundImage,
  options: { readonly signal: AbortSignal; readonly wantsChild: boolean },
): Promise<ReadImage> {
  const content = await found.reader.manifest(found.at, found.descriptor, options);
  const manifest = parseManifest(content.bytes, content.mediaType, found.descriptor.digest);
  if (manifest.kind === "image") return { found, content, manifest, chosen: { descriptor: found.descriptor, manifest } };
  const child = options.wantsChild ? standIn(manifest.manifests) : undefined;
  if (child === undefined) return { found, content, manifest };
  const bytes = await found.reader.manifest(found.at, child, options);
  const parsed = parseManifest(bytes.bytes, bytes.mediaType, child.digest);
  return parsed.kind === "image"
    ? { found, content, manifest, chosen: { descriptor: child, manifest: parsed } }
    : { found, content, manifest };
}

/** The summary. */
export async function inspectImage(
  image: ReadImage,
  options: { readonly name: string; readonly signal: AbortSignal },
): Promise<InspectResult> {
  const { found, manifest, chosen } = image;
  const config = await configOf(image, options.signal);
  const own = platformOf(config);
  const platforms = manifest.kind === "index" ? platformsIn(manifest.manifests) : own === undefined ? [] : [formatPlatform(own)];
  const layers = (chosen?.manifest.layers ?? []).map(({ digest, mediaType, size }) => ({ digest, mediaType, sizeBytes: size }));
  const created = config?.["created"];
  return {
    kind: "Inspect",
    name: options.name,
    digest: found.descriptor.digest,
    mediaType: image.content.mediaType,
    ...(manifest.artifactType === undefined ? {} : { artifactType: manifest.artifactType }),
    platforms,
    ...(manifest.kind === "index" && own !== undefined ? { shownPlatform: formatPlatform(own) } : {}),
    labels: labelsOf(config),
    annotations: sorted(manifest.annotations),
    layers,
    layersBytes: layers.reduce((sum, layer) => sum + layer.sizeBytes, 0),
    referrers: await referrersOf(found, options.signal),
    ...(typeof created === "string" && Number.isFinite(Date.parse(created)) ? { createdAt: new Date(created).toISOString() } : {}),
  };
}

function standIn(children: readonly Descriptor[]): Descriptor | undefined {
  const images = children.filter((child) => !isUnknownPlatform(child.platform));
  return images.find((child) => child.platform?.os === "linux" && child.platform.architecture === "amd64") ?? images[0];
}

/** Platforms of an index's children, sorted. */
export function platformsIn(children: readonly Descriptor[]): readonly string[] {
  const known = children
    .map((child) => child.platform)
    .filter((platform): platform is Platform => platform !== undefined && !isUnknownPlatform(platform));
  return [...new Set(known.map(formatPlatform))].sort();
}

async function configOf(image: ReadImage, signal: AbortSignal): Promise<Readonly<Record<string, unknown>> | undefined> {
  const config = image.chosen?.manifest.config;
  return config === undefined ? undefined : readConfig(image.found, config, signal);
}

async function readConfig(
  found: FoundImage,
  config: Descriptor,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (!/(?:config\.v1|container\.image\.v1)\+json$/.test(config.mediaType)) return undefined;
  const value: unknown = JSON.parse(new TextDecoder().decode(await readSmallBlob(found, config, signal)));
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}

/** The platform that an image's configuration names, as a list of at most one. */
export async function platformsOfConfig(found: FoundImage, config: Descriptor, signal: AbortSignal): Promise<readonly string[]> {
  const own = platformOf(await readConfig(found, config, signal));
  return own === undefined ? [] : [formatPlatform(own)];
}

function platformOf(config: Readonly<Record<string, unknown>> | undefined): Platform | undefined {
  const { os, architecture, variant } = config ?? {};
  if (typeof os !== "string" || typeof architecture !== "string" || os === "" || architecture === "") return undefined;
  return { os, architecture, ...(typeof variant === "string" && variant !== "" ? { variant } : {}) };
}

function labelsOf(config: Readonly<Record<string, unknown>> | undefined): Readonly<Record<string, string>> {
  const inner = config?.["config"];
  const labels: unknown = typeof inner === "object" && inner !== null && "Labels" in inner ? inner.Labels : undefined;
  if (typeof labels !== "object" || labels === null) return {};
  const texts = Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return sorted(Object.fromEntries(texts));
}

async function referrersOf(found: FoundImage, signal: AbortSignal): Promise<InspectResult["referrers"]> {
  const list = await Array.fromAsync(found.reader.referrers(found.at, found.descriptor.digest, { signal }));
  return list
    .map(({ digest, artifactType, size, mediaType }) => ({ digest, artifactType: artifactType ?? mediaType, sizeBytes: size }))
    .sort((a, b) => (a.digest < b.digest ? -1 : 1));
}

function sorted(map: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}
