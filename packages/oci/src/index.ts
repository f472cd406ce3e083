export { isOciError, OCI_ERROR_CODES, OciError, type OciErrorCode, type OciErrorFields } from "./errors.ts";
export type { Gate, Gates, Slot } from "./gate.ts";
export { checkExpected, digestOf, type Expected, Hasher, verified } from "./hash.ts";
export type { Descriptor } from "./model/descriptor.ts";
export { type Digest, type DigestAlgorithm, digestAlgorithm, digestHex, isDigest, parseDigest } from "./model/digest.ts";
export {
  type ImageManifest,
  type IndexManifest,
  MAX_MANIFEST_BYTES,
  type Manifest,
  manifestContents,
  manifestMediaType,
  parseManifest,
} from "./model/manifest.ts";
export {
  isForeignLayerType,
  isImageManifestType,
  isIndexType,
  isManifestType,
  isSchema1Type,
  MEDIA_TYPES,
} from "./model/media-types.ts";
export { formatPlatform, isUnknownPlatform, type Platform, type PlatformFilter, parsePlatform, platformFilter } from "./model/platform.ts";
export {
  formatReference,
  isRegistryHost,
  isRepository,
  isTag,
  parseReference,
  type Reference,
  referenceName,
} from "./model/reference.ts";
export {
  type BlobWrite,
  type ByteSource,
  type Deleter,
  type IoOptions,
  isDeleter,
  isLister,
  isMounter,
  isSpacer,
  type Lister,
  type ManifestBytes,
  type Mounter,
  type Place,
  type Reader,
  type Spacer,
  type Writer,
} from "./store/types.ts";
export type { Moved, Root, RootOutcome, RootResult, TransferEvent, TransferReport } from "./transfer/types.ts";
