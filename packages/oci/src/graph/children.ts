import type { Descriptor } from "../model/descriptor.ts";
import type { IndexManifest } from "../model/manifest.ts";
import { isManifestType } from "../model/media-types.ts";
import { isUnknownPlatform, type PlatformFilter } from "../model/platform.ts";

/** Annotation by which buildkit ties an attestation to its image. */
const REFERENCE_DIGEST = "vnd.docker.reference.digest";

/** Entries of an index, sorted by what becomes of them. */
export interface ChosenChildren {
  readonly wanted: readonly Descriptor[];
  readonly unwanted: readonly Descriptor[];
  /** Entries that are no manifests: buildkit's cache lists layers in an index. */
  readonly blobs: readonly Descriptor[];
}

/**
 * Applies a platform filter to an index. Entries without a platform are taken: nothing says that they are not wanted.
 * Attestations (`unknown/unknown`) follow the image that they name.
 */
export function chooseChildren(index: IndexManifest, platforms: PlatformFilter | undefined): ChosenChildren {
  const manifests = index.manifests.filter(isManifestEntry);
  const blobs = index.manifests.filter((entry) => !isManifestEntry(entry));
  if (platforms === undefined) return { wanted: manifests, unwanted: [], blobs };
  const refused = new Set(
    manifests
      .filter(({ platform }) => platform !== undefined && !isUnknownPlatform(platform) && !platforms(platform))
      .map(({ digest }) => digest as string),
  );
  const isUnwanted = (entry: Descriptor): boolean => refused.has(entry.digest) || refused.has(entry.annotations?.[REFERENCE_DIGEST] ?? "");
  return { wanted: manifests.filter((entry) => !isUnwanted(entry)), unwanted: manifests.filter(isUnwanted), blobs };
}

function isManifestEntry(entry: Descriptor): boolean {
  return entry.mediaType === "" || isManifestType(entry.mediaType);
}
