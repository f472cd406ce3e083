import { isOciError } from "../errors.ts";
import { digestOf } from "../hash.ts";
import { MEDIA_TYPES } from "../model/media-types.ts";
import type { IoOptions } from "../store/types.ts";
import { deleteManifest } from "./deletion.ts";
import { putManifest } from "./manifests.ts";
import type { Repository } from "./repository.ts";
import { cancelUpload, startUpload } from "./uploads.ts";

/**
 * Finds out whether this account may push to a repository, by an upload that is opened and cancelled.
 * @throws OciError `DENIED`, `UNAUTHORIZED`, `NOT_FOUND` (Harbor: no such project) when it may not
 */
export async function probePush(at: Repository, io: IoOptions): Promise<void> {
  await cancelUpload(at, await startUpload(at, io), io);
}

/**
 * Finds out whether a repository takes an index whose children are not there, by putting a tiny one under its digest and
 * deleting it again. docker-registry 2.8 and Gitea refuse; a registry that does not delete keeps 300 untagged bytes.
 */
export async function probeSparse(at: Repository, io: IoOptions): Promise<boolean> {
  const child = { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf(Buffer.from("skerry sparse index probe")), size: 25 };
  const manifests = [{ ...child, platform: { architecture: "amd64", os: "linux" } }];
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests }));
  const digest = digestOf(bytes);
  try {
    await putManifest(at, { name: digest, manifest: { bytes, mediaType: MEDIA_TYPES.ociIndex }, io });
  } catch (error) {
    if (isOciError(error) && error.status !== undefined && error.status >= 400 && error.status < 500 && isAboutContent(error.registryCode))
      return false;
    throw error;
  }
  await deleteManifest(at, digest, io).catch(() => undefined);
  return true;
}

function isAboutContent(registryCode: string | undefined): boolean {
  return registryCode === "MANIFEST_BLOB_UNKNOWN" || registryCode === "MANIFEST_UNKNOWN" || registryCode === "MANIFEST_INVALID";
}
