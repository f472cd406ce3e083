/** Media types of manifests, configs and layers. OCI image-spec "media-types", Docker "image manifest v2, schema 2". */
export const MEDIA_TYPES = {
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociIndex: "application/vnd.oci.image.index.v1+json",
  ociConfig: "application/vnd.oci.image.config.v1+json",
  ociLayer: "application/vnd.oci.image.layer.v1.tar",
  ociLayerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  ociLayerZstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  ociEmpty: "application/vnd.oci.empty.v1+json",
  ociArtifactManifest: "application/vnd.oci.artifact.manifest.v1+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerList: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  dockerLayerGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  dockerSchema1: "application/vnd.docker.distribution.manifest.v1+json",
  dockerSchema1Signed: "application/vnd.docker.distribution.manifest.v1+prettyjws",
  octetStream: "application/octet-stream",
} as const;

/** True for an OCI image index or a Docker manifest list. */
export function isIndexType(mediaType: string): boolean {
  return mediaType === MEDIA_TYPES.ociIndex || mediaType === MEDIA_TYPES.dockerList;
}

/** True for an OCI image manifest, a Docker schema 2 manifest or the withdrawn OCI artifact manifest. */
export function isImageManifestType(mediaType: string): boolean {
  return mediaType === MEDIA_TYPES.ociManifest || mediaType === MEDIA_TYPES.dockerManifest || mediaType === MEDIA_TYPES.ociArtifactManifest;
}

/** True for everything that is fetched from and put to `/manifests/`. */
export function isManifestType(mediaType: string): boolean {
  return isIndexType(mediaType) || isImageManifestType(mediaType) || isSchema1Type(mediaType);
}

/** True for Docker's schema 1, which is recognised only to be refused by name. */
export function isSchema1Type(mediaType: string): boolean {
  return mediaType === MEDIA_TYPES.dockerSchema1 || mediaType === MEDIA_TYPES.dockerSchema1Signed;
}

/** True for layers that may stay where their `urls` say (image-spec "non-distributable layers", Docker "foreign"). */
export function isForeignLayerType(mediaType: string): boolean {
  return mediaType.includes(".nondistributable.") || mediaType.includes(".rootfs.foreign.");
}
