import { type Descriptor, digestOf, type ManifestBytes, MEDIA_TYPES, type Platform } from "@skerry/oci";
import { asFamily, type Blob, blob, type Layer } from "./layer.ts";

/** One manifest with the blobs that it points at; children of an index come before it. */
export interface BuiltManifest {
  readonly content: ManifestBytes;
  readonly blobs: readonly Blob[];
  /** Tags of this manifest besides those of the image: cosign's. */
  readonly tags: readonly string[];
}

/** Everything that has to be written for one image, in the order in which it may be written. */
export interface BuiltImage {
  readonly root: Descriptor;
  readonly manifests: readonly BuiltManifest[];
}

/** What one platform of an image consists of. */
export interface PlatformContent {
  readonly platform: Platform;
  readonly layers: readonly Layer[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
}

/** A manifest of one platform in OCI or Docker media types. */
export function buildManifest(content: PlatformContent, docker: boolean): { readonly root: Descriptor; readonly built: BuiltManifest } {
  const layers = content.layers.map((layer) => asFamily(layer, docker));
  const config = blob(json(configOf(content)), docker ? MEDIA_TYPES.dockerConfig : MEDIA_TYPES.ociConfig);
  const mediaType = docker ? MEDIA_TYPES.dockerManifest : MEDIA_TYPES.ociManifest;
  const document = { schemaVersion: 2, mediaType, config: config.descriptor, layers: layers.map((layer) => layer.descriptor) };
  const { root, built } = manifestOf(document, [config, ...layers]);
  return { root: { ...root, platform: content.platform }, built };
}

/** An index of children, in OCI or Docker media types. */
export function buildIndex(children: readonly Descriptor[], docker: boolean): { readonly root: Descriptor; readonly built: BuiltManifest } {
  return manifestOf({ schemaVersion: 2, mediaType: docker ? MEDIA_TYPES.dockerList : MEDIA_TYPES.ociIndex, manifests: children }, []);
}

/** The child that build tools add to an index to say how an image was made: of platform unknown/unknown. */
export function buildAttestation(subject: Descriptor, statement: object): { readonly root: Descriptor; readonly built: BuiltManifest } {
  const config = blob(
    json({ architecture: "unknown", os: "unknown", config: {}, rootfs: { type: "layers", diff_ids: [] } }),
    MEDIA_TYPES.ociConfig,
  );
  const layer = blob(json(statement), "application/vnd.in-toto+json");
  const { root, built } = manifestOf(
    { schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, config: config.descriptor, layers: [layer.descriptor] },
    [config, layer],
  );
  const annotations = { "vnd.docker.reference.digest": subject.digest, "vnd.docker.reference.type": "attestation-manifest" };
  return { root: { ...root, platform: { architecture: "unknown", os: "unknown" }, annotations }, built };
}

/** An artifact that names an image as its subject. Image-spec "associating artifacts". */
export function buildReferrer(subject: Descriptor, artifactType: string, payload: object): BuiltManifest {
  const config = blob(Buffer.from("{}"), MEDIA_TYPES.ociEmpty);
  const layer = blob(json(payload), artifactType);
  const { mediaType, digest, size } = subject;
  const document = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    artifactType,
    config: config.descriptor,
    layers: [layer.descriptor],
    subject: { mediaType, digest, size },
  };
  return manifestOf(document, [config, layer]).built;
}

/** A signature as cosign keeps it beside an image: a manifest under the tag `sha256-<hex>.sig`. */
export function buildCosignTag(subject: Descriptor, payload: object): BuiltManifest {
  const config = blob(json({ architecture: "", os: "", config: {}, rootfs: { type: "layers", diff_ids: [] } }), MEDIA_TYPES.ociConfig);
  const layer = blob(json(payload), "application/vnd.dev.cosign.simplesigning.v1+json");
  const document = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, config: config.descriptor, layers: [layer.descriptor] };
  return { ...manifestOf(document, [config, layer]).built, tags: [`${subject.digest.replace(":", "-")}.sig`] };
}

function configOf({ platform, layers, labels, entrypoint, command }: PlatformContent): object {
  const config = {
    ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint }),
    ...(command === undefined ? {} : { Cmd: command }),
    ...(labels === undefined ? {} : { Labels: labels }),
  };
  return {
    created: "1970-01-01T00:00:00Z",
    architecture: platform.architecture,
    os: platform.os,
    ...(platform.variant === undefined ? {} : { variant: platform.variant }),
    config,
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.diffId) },
  };
}

function manifestOf(
  document: { readonly schemaVersion: number; readonly mediaType: string; readonly [key: string]: unknown },
  blobs: readonly Blob[],
): { root: Descriptor; built: BuiltManifest } {
  const bytes = json(document);
  const digest = digestOf(bytes);
  const { mediaType } = document;
  return {
    root: { mediaType, digest, size: bytes.byteLength },
    built: { content: { mediaType, digest, bytes }, blobs, tags: [] },
  };
}

function json(document: object): Buffer {
  return Buffer.from(JSON.stringify(document));
}
