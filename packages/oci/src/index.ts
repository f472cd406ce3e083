export type { ArchiveFinding } from "./archive/archive-finding.ts";
export { type ArchivePlan, type PlannedContent, planArchive } from "./archive/archive-plan.ts";
export { carryJournals } from "./archive/carried-journals.ts";
export { type CheckOptions, checkVolumes } from "./archive/check-volumes.ts";
export {
  type ArchiveBase,
  type ArchiveBlob,
  type ArchiveContents,
  type ArchiveFile,
  type ArchiveRoot,
  type ArchiveSignature,
  type ArchiveVolume,
  CONTENTS_FILE,
  formatContents,
  type LackingImage,
  type ReliedContent,
} from "./archive/contents.ts";
export { type CopyArchiveOptions, contentsDigest, copyArchives } from "./archive/copy-archive.ts";
export { DEFAULT_VOLUME_BYTES, MIN_VOLUME_BYTES } from "./archive/cutter.ts";
export { earlierContents } from "./archive/earlier-work.ts";
export { logicalTar } from "./archive/logical-tar.ts";
export { openVolumeWriter } from "./archive/open-volume-writer.ts";
export { parseContents } from "./archive/parse-contents.ts";
export { type RebuiltArchive, rebuildContents } from "./archive/rebuild-contents.ts";
export { archiveName, volumeName } from "./archive/volume-name.ts";
export { openDamagedVolumes, openVolumes, type ReadContents, readContents, type VolumeReader } from "./archive/volume-reader.ts";
export type { ArchiveEnd, VolumeWriter, VolumeWriterOptions } from "./archive/volume-writer.ts";
export { anonymous, type Credential, type CredentialSource } from "./auth/credential.ts";
export type { RealmMemory } from "./auth/realm.ts";
export { Registries, type RegistriesOptions } from "./client/registries.ts";
export { certDirs } from "./config/certs-d.ts";
export { eraseWithHelper, type HelperQuestion, storeWithHelper } from "./config/credential-helper.ts";
export { type AuthFilePlace, authFilePlaces, type CredentialLookup, loadCredentials, serverAddress } from "./config/credentials.ts";
export { loadRegistriesConf, type RegistriesConfLookup } from "./config/load-registries-conf.ts";
export { RealmFile } from "./config/realm-file.ts";
export {
  mergeRegistriesConf,
  noRegistriesConf,
  type PullFrom,
  parseRegistriesConf,
  type RegistriesConf,
  type RegistryEndpoint,
  type RegistryRule,
} from "./config/registries-conf.ts";
export { type Route, routesFor, type Wanted } from "./config/route.ts";
export { isOciError, OCI_ERROR_CODES, OciError, type OciErrorCode, type OciErrorFields } from "./errors.ts";
export type { Gate, Gates, Slot } from "./gate.ts";
export {
  type ChosenChildren,
  chooseChildren,
} from "./graph/children.ts";
export { SignatureTags, signatureTagsOf } from "./graph/signature-tags.ts";
export { type SmallerIndex, smallerIndex } from "./graph/smaller-index.ts";
export type {
  GraphLimits,
  GraphManifest,
  GraphProblem,
  GraphRole,
  ImageGraph,
  KnownReferrer,
  WalkOptions,
} from "./graph/types.ts";
export { walkImage } from "./graph/walk.ts";
export { checkExpected, digestOf, type Expected, Hasher, verified } from "./hash.ts";
export { type Clock, systemClock } from "./http/clock.ts";
export { type EngineOptions, HttpEngine } from "./http/engine.ts";
export { type ProxySettings, proxiesFromEnvironment } from "./http/proxy.ts";
export { redactText, redactUrl } from "./http/redact.ts";
export { isTransient } from "./http/retry.ts";
export type { HttpMethod, HttpRequest, HttpResponse, NetEvent, RequestBody } from "./http/types.ts";
export type { Descriptor } from "./model/descriptor.ts";
export { type Digest, type DigestAlgorithm, digestAlgorithm, digestHex, isDigest, parseDigest } from "./model/digest.ts";
export { KNOWN_ARCHITECTURES, KNOWN_SYSTEMS } from "./model/known-platforms.ts";
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
export { cachedReader } from "./store/cache/cached-reader.ts";
export { type ManifestCache, memoryManifestCache, openManifestCache } from "./store/cache/manifest-cache.ts";
export { type DirStore, openDir } from "./store/dir/dir-store.ts";
export { type AtomicWriteOptions, syncFolder, writeFileAtomic } from "./store/disk/atomic-file.ts";
export { type FileLock, type LockOptions, type LockOwner, takeLock } from "./store/disk/lock-file.ts";
export { makeFolder } from "./store/disk/make-folder.ts";
export { spaceAt } from "./store/disk/space.ts";
export { type DockerArchive, openDockerArchive } from "./store/docker-archive/docker-archive.ts";
export { openArchive } from "./store/layout/archive-reader.ts";
export { type ArchiveWriter, createArchive } from "./store/layout/archive-writer.ts";
export type { LayoutReader, ListedImage } from "./store/layout/layout-reader.ts";
export { type LayoutOptions, type LayoutStore, openLayout } from "./store/layout/layout-store.ts";
export { MemoryStore, type MemoryStoreOptions } from "./store/memory/memory-store.ts";
export type { ContentPlace } from "./store/pool/content-place.ts";
export { DigestPool, type DigestPoolOptions } from "./store/pool/digest-pool.ts";
export { openContentPlace } from "./store/pool/open-place.ts";
export { fallbackSubject, ReferrerIndex, referrerDescriptor } from "./store/referrer-index.ts";
export { RegistryStore, type RegistryStoreOptions } from "./store/registry.ts";
export { indexTar, type TarEntry, type TarIndexOptions } from "./store/tar/tar-index.ts";
export { UnpackedTars } from "./store/tar/unpacked-tars.ts";
export { type OpenedReader, type OpenedWriter, type OpenOptions, openReader, openWriter } from "./store/transports/open.ts";
export { isLayoutReference, type LayoutReference, type LayoutTransport, parseLayoutReference } from "./store/transports/parse.ts";
export {
  type BlobWrite,
  type ByteSource,
  type Deleter,
  type ForeignReader,
  type IoOptions,
  isDeleter,
  isForeignReader,
  isLister,
  isMounter,
  isProber,
  isSpacer,
  type Lister,
  type ManifestBytes,
  type Mounter,
  type Place,
  type Prober,
  type Reader,
  type ReferrerOptions,
  type Spacer,
  type Writer,
} from "./store/types.ts";
export { type Journal, openJournal } from "./transfer/journal.ts";
export { type Asked, type PresenceRecord, type RootRecord, rootCovers } from "./transfer/presence.ts";
export { transfer } from "./transfer/transfer.ts";
export type {
  Moved,
  Root,
  RootOutcome,
  RootResult,
  TransferEvent,
  TransferOptions,
  TransferReport,
} from "./transfer/types.ts";
