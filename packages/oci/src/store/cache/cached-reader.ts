import type { Descriptor } from "../../model/descriptor.ts";
import { type Digest, isDigest } from "../../model/digest.ts";
import {
  type ForeignReader,
  type IoOptions,
  isForeignReader,
  isLister,
  type Lister,
  type ManifestBytes,
  type Place,
  type Reader,
} from "../types.ts";
import type { ManifestCache } from "./manifest-cache.ts";

/**
 * A reader that looks for manifests in a cache first and keeps there what it had to fetch. A digest that the cache holds is
 * resolved without asking; tags and blobs go to the reader. Callers that ask for one digest at the same time share one fetch.
 */
export function cachedReader(reader: Reader, cache: ManifestCache): Reader & Partial<Lister & ForeignReader> {
  const fetching = new Map<Digest, Promise<ManifestBytes>>();

  async function fetch(
    at: Place,
    descriptor: Pick<Descriptor, "digest" | "mediaType" | "size">,
    options?: IoOptions,
  ): Promise<ManifestBytes> {
    const kept = await cache.get(descriptor.digest);
    if (kept !== undefined) return kept;
    const manifest = await reader.manifest(at, descriptor, options);
    await cache.put(manifest);
    return manifest;
  }

  function manifest(at: Place, descriptor: Pick<Descriptor, "digest" | "mediaType" | "size">, options?: IoOptions): Promise<ManifestBytes> {
    const running = fetching.get(descriptor.digest);
    if (running !== undefined) return running;
    const started = fetch(at, descriptor, options).finally(() => fetching.delete(descriptor.digest));
    fetching.set(descriptor.digest, started);
    return started;
  }

  async function resolve(at: Place, name: string, options?: IoOptions): Promise<Descriptor | undefined> {
    const kept = isDigest(name) ? await cache.get(name) : undefined;
    if (kept === undefined) return reader.resolve(at, name, options);
    return { mediaType: kept.mediaType, digest: kept.digest, size: kept.bytes.byteLength };
  }

  return {
    name: reader.name,
    host: reader.host,
    resolve,
    manifest,
    blob: (at, descriptor) => reader.blob(at, descriptor),
    referrers: (at, subject, options) => reader.referrers(at, subject, options),
    ...(isForeignReader(reader) ? { foreign: (descriptor: Descriptor) => reader.foreign(descriptor) } : {}),
    ...(isLister(reader)
      ? {
          repositories: (options?: IoOptions) => reader.repositories(options),
          tags: (at: Place, options?: IoOptions) => reader.tags(at, options),
        }
      : {}),
  };
}
