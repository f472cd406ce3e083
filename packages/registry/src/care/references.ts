import { type Digest, type Manifest, manifestContents, parseManifest } from "@skerry/oci";
import type { RegistryStore } from "../store/store.ts";

/** What a manifest of a repository says, or undefined when its bytes are missing or no longer make sense. */
export async function storedManifest(store: RegistryStore, repository: string, digest: Digest): Promise<Manifest | undefined> {
  const stored = await store.manifest(repository, digest);
  if (stored === undefined) return undefined;
  try {
    return parseManifest(stored.bytes, stored.mediaType);
  } catch {
    return undefined;
  }
}

/**
 * Everything the manifests of a repository name, or undefined when one of them cannot be read: then nobody can say what is
 * unused, and everything counts as used.
 */
export async function referencesOf(
  store: RegistryStore,
  repository: string,
  manifests: readonly Digest[],
): Promise<Set<Digest> | undefined> {
  const named = new Set<Digest>();
  for (const digest of manifests) {
    const manifest = await storedManifest(store, repository, digest);
    if (manifest === undefined && (await store.manifests.get(repository, digest)) !== undefined) return undefined;
    if (manifest === undefined) continue;
    for (const descriptor of manifestContents(manifest)) named.add(descriptor.digest);
  }
  return named;
}

/** Every repository that holds a manifest or a blob, in byte order. */
export async function allRepositories(store: RegistryStore): Promise<string[]> {
  const [withManifests, withBlobs] = await Promise.all([store.manifests.repositories(), store.links.repositories()]);
  return [...new Set([...withManifests, ...withBlobs])].sort();
}
