import { OciError } from "../errors.ts";
import type { Descriptor } from "./descriptor.ts";
import { type Digest, isDigest } from "./digest.ts";
import { isImageManifestType, isIndexType, isSchema1Type, MEDIA_TYPES } from "./media-types.ts";
import type { Platform } from "./platform.ts";

/** An image manifest (or artifact), as far as copying and inspecting need it. Unknown fields live on in the bytes. */
export interface ImageManifest {
  readonly kind: "image";
  readonly mediaType: string;
  /** Missing only in the withdrawn OCI artifact manifest. */
  readonly config?: Descriptor;
  /** Layers in order; `blobs` of an OCI artifact manifest. */
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** An index or manifest list. */
export interface IndexManifest {
  readonly kind: "index";
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly annotations: Readonly<Record<string, string>>;
}

export type Manifest = ImageManifest | IndexManifest;

/** Largest manifest that is read: distribution-spec asks for 4 MiB at least; some indexes of artifacts are larger. */
export const MAX_MANIFEST_BYTES: number = 32 * 1024 * 1024;

const MAX_CHILDREN = 100_000;

/**
 * Finds the media type of manifest bytes: what the transport said, when it names a manifest, else what the document says
 * of itself. Some registries and caches answer `application/json` or nothing.
 */
export function manifestMediaType(bytes: Uint8Array, claimed: string | undefined): string {
  const bare = claimed?.split(";")[0]?.trim() ?? "";
  if (isIndexType(bare) || isImageManifestType(bare) || isSchema1Type(bare)) return bare;
  const document = parseJson(bytes);
  if (typeof document["mediaType"] === "string" && document["mediaType"] !== "") return document["mediaType"];
  if (document["schemaVersion"] === 1) return MEDIA_TYPES.dockerSchema1;
  if (Array.isArray(document["manifests"])) return MEDIA_TYPES.ociIndex;
  if (Array.isArray(document["layers"]) || document["config"] !== undefined) return MEDIA_TYPES.ociManifest;
  return bare;
}

/**
 * Reads a manifest or index of any supported media type.
 * @throws OciError `MANIFEST_SCHEMA1` for Docker schema 1, `MANIFEST_INVALID` for anything that breaks the specification
 */
export function parseManifest(bytes: Uint8Array, mediaType: string, subject?: string): Manifest {
  if (isSchema1Type(mediaType)) throw schema1(subject);
  const document = parseJson(bytes, subject);
  if (document["schemaVersion"] === 1) throw schema1(subject);
  if (isIndexType(mediaType)) {
    const manifests = descriptors(document["manifests"], "manifests", subject);
    return { kind: "index", mediaType, manifests, ...common(document, subject) };
  }
  if (!isImageManifestType(mediaType)) throw invalid(`its media type ${JSON.stringify(mediaType)} is no manifest type`, subject);
  if (Array.isArray(document["manifests"]) && document["layers"] === undefined) {
    throw invalid(`it is an index that calls itself ${mediaType}`, subject);
  }
  const artifact = mediaType === MEDIA_TYPES.ociArtifactManifest;
  const layers = descriptors(artifact ? (document["blobs"] ?? []) : (document["layers"] ?? []), artifact ? "blobs" : "layers", subject);
  const config = artifact ? {} : { config: descriptor(document["config"], "config", subject) };
  return { kind: "image", mediaType, ...config, layers, ...common(document, subject) };
}

/** What a manifest points at, in the order it must exist before the manifest: config and layers, or children. */
export function manifestContents(manifest: Manifest): readonly Descriptor[] {
  if (manifest.kind === "index") return manifest.manifests;
  return manifest.config === undefined ? manifest.layers : [manifest.config, ...manifest.layers];
}

function common(document: Record<string, unknown>, of: string | undefined): Pick<Manifest, "annotations" | "subject" | "artifactType"> {
  return {
    annotations: stringMap(document["annotations"]),
    ...(document["subject"] === undefined || document["subject"] === null
      ? {}
      : { subject: descriptor(document["subject"], "subject", of) }),
    ...(typeof document["artifactType"] === "string" && document["artifactType"] !== "" ? { artifactType: document["artifactType"] } : {}),
  };
}

function descriptors(value: unknown, field: string, subject: string | undefined): Descriptor[] {
  if (value === null) return [];
  if (!Array.isArray(value)) throw invalid(`${field} is not a list`, subject);
  if (value.length > MAX_CHILDREN) throw invalid(`${field} has ${value.length} entries, at most ${MAX_CHILDREN} are read`, subject);
  return value.map((item, index) => descriptor(item, `${field}[${index}]`, subject));
}

function descriptor(value: unknown, field: string, subject: string | undefined): Descriptor {
  if (typeof value !== "object" || value === null) throw invalid(`${field} is not a descriptor`, subject);
  const item = value as Record<string, unknown>;
  const { digest, size, mediaType } = item;
  if (typeof digest !== "string" || !isDigest(digest)) throw invalid(`${field}.digest is not a digest`, subject);
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) throw invalid(`${field}.size is not a length in bytes`, subject);
  const annotations = stringMap(item["annotations"]);
  const platform = platformOf(item["platform"]);
  return {
    mediaType: typeof mediaType === "string" ? mediaType : "",
    digest: digest as Digest,
    size,
    ...(platform === undefined ? {} : { platform }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    ...(typeof item["artifactType"] === "string" ? { artifactType: item["artifactType"] } : {}),
    ...(Array.isArray(item["urls"]) ? { urls: item["urls"].filter((url) => typeof url === "string") } : {}),
    ...(typeof item["data"] === "string" ? { data: item["data"] } : {}),
  };
}

function platformOf(value: unknown): Platform | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { os, architecture, variant, "os.version": version } = value as Record<string, unknown>;
  if (typeof os !== "string" || typeof architecture !== "string") return undefined;
  return {
    os,
    architecture,
    ...(typeof variant === "string" && variant !== "" ? { variant } : {}),
    ...(typeof version === "string" && version !== "" ? { "os.version": version } : {}),
  };
}

function stringMap(value: unknown): Record<string, string> {
  const map: Record<string, string> = Object.create(null) as Record<string, string>;
  if (typeof value !== "object" || value === null) return map;
  for (const [key, text] of Object.entries(value)) if (typeof text === "string") map[key] = text;
  return map;
}

function parseJson(bytes: Uint8Array, subject?: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    throw invalid("it is not JSON", subject, cause);
  }
  throw invalid("it is not a JSON object", subject);
}

function schema1(subject: string | undefined): OciError {
  return new OciError({
    code: "MANIFEST_SCHEMA1",
    message: `Cannot use ${subject ?? "the image"}: it is a Docker schema 1 manifest, which no longer has a place in any specification`,
    ...(subject === undefined ? {} : { subject }),
    hint: "Ask its publisher for a schema 2 or OCI image, or leave it out.",
  });
}

function invalid(why: string, subject: string | undefined, cause?: unknown): OciError {
  return new OciError({
    code: "MANIFEST_INVALID",
    message: `Cannot read manifest${subject === undefined ? "" : ` ${subject}`}: ${why}`,
    ...(subject === undefined ? {} : { subject }),
    ...(cause === undefined ? {} : { cause }),
  });
}
