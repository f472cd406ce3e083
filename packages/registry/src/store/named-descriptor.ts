import { type Descriptor, type Digest, manifestContents, parseManifest } from "@skerry/oci";
import type { RegistryStore } from "./store.ts";

/** How a manifest of the repository names this config or layer, size included; undefined when none does. Reads them one by one. */
export async function namedDescriptor(store: RegistryStore, repository: string, digest: Digest): Promise<Descriptor | undefined> {
  for (const named of await store.manifests.of(repository)) {
    const stored = await store.manifest(repository, named);
    if (stored === undefined) continue;
    const manifest = parseManifest(stored.bytes, stored.mediaType);
    const found = manifest.kind === "image" ? manifestContents(manifest).find((descriptor) => descriptor.digest === digest) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
