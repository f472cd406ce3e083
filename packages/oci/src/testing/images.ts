import { digestOf } from "../hash.ts";
import type { Descriptor } from "../model/descriptor.ts";
import { MEDIA_TYPES } from "../model/media-types.ts";
import type { Platform } from "../model/platform.ts";
import type { MemoryStore } from "../store/memory/memory-store.ts";
import { padded, tarHeader } from "../store/tar/tar-header.ts";
import type { ManifestBytes, Place } from "../store/types.ts";

/** Bytes that only depend on their seed. */
export function seededBytes(seed: string, size: number): Uint8Array {
  const bytes = Buffer.alloc(size);
  let state = [...seed].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) >>> 0, 7);
  for (let index = 0; index < size; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

/** A manifest made of a JSON document. */
export function manifestOf(document: object, mediaType: string): { readonly content: ManifestBytes; readonly descriptor: Descriptor } {
  const bytes = Buffer.from(JSON.stringify(document));
  const digest = digestOf(bytes);
  return { content: { mediaType, digest, bytes }, descriptor: { mediaType, digest, size: bytes.byteLength } };
}

/** Puts a blob where an image will need it. */
export function addBlob(store: MemoryStore, at: Place, blob: { readonly bytes: Uint8Array; readonly mediaType: string }): Descriptor {
  const digest = digestOf(blob.bytes);
  store.addBlob(at, digest, blob.bytes);
  return { mediaType: blob.mediaType, digest, size: blob.bytes.byteLength };
}

export interface ImageSpec {
  /** One layer of 1,000 bytes per seed; equal seeds are equal layers. */
  readonly layers: readonly string[];
  readonly layerBytes?: number;
  readonly platform?: Platform;
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly tags?: readonly string[];
  /** Layers that are tar files, uncompressed, for tools that look into them. */
  readonly plain?: boolean;
}

/** Makes an image in a memory store. */
export async function addImage(store: MemoryStore, at: Place, spec: ImageSpec): Promise<Descriptor> {
  const layers = spec.layers.map((seed) => addBlob(store, at, layerOf(seed, spec)));
  const { os, architecture } = spec.platform ?? { os: "linux", architecture: "amd64" };
  const config = addBlob(store, at, {
    bytes: Buffer.from(JSON.stringify({ os, architecture, rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) } })),
    mediaType: MEDIA_TYPES.ociConfig,
  });
  const { subject, artifactType } = spec;
  const document = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, artifactType, config, layers, subject };
  const { content, descriptor } = manifestOf(document, MEDIA_TYPES.ociManifest);
  await store.putManifest(at, descriptor, content, spec.tags ?? []);
  return spec.platform === undefined ? descriptor : { ...descriptor, platform: spec.platform };
}

function layerOf(seed: string, spec: ImageSpec): { readonly bytes: Uint8Array; readonly mediaType: string } {
  const body = seededBytes(seed, spec.layerBytes ?? 1000);
  if (spec.plain !== true) return { bytes: body, mediaType: MEDIA_TYPES.ociLayerGzip };
  const tar = Buffer.alloc(512 + padded(body.byteLength) + 1024);
  tar.set(tarHeader({ name: `${seed}.txt`, size: body.byteLength }));
  tar.set(body, 512);
  return { bytes: tar, mediaType: MEDIA_TYPES.ociLayer };
}

export interface IndexSpec {
  readonly manifests: readonly Descriptor[];
  readonly tags?: readonly string[];
}

/** Makes an index of manifests that are there. */
export async function addIndex(store: MemoryStore, at: Place, spec: IndexSpec): Promise<Descriptor> {
  const document = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: spec.manifests };
  const { content, descriptor } = manifestOf(document, MEDIA_TYPES.ociIndex);
  await store.putManifest(at, descriptor, content, spec.tags ?? []);
  return descriptor;
}

/** `linux/<architecture>`. */
export function linux(architecture: string): Platform {
  return { os: "linux", architecture };
}
