import { type Descriptor, digestOf, MEDIA_TYPES, openLayout, type Platform } from "@skerry/oci";

/** One image of a sample. */
export interface SampleImage {
  readonly name: string;
  readonly platforms?: readonly string[];
  /** Makes its own layer differ from other images'. */
  readonly seed: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * Writes images into an OCI layout: an index with one image per platform, all with one layer in common. Without platforms
 * a plain image for linux/amd64. Returns the digest of each by name.
 */
export async function writeSampleLayout(dir: string, images: readonly SampleImage[]): Promise<ReadonlyMap<string, string>> {
  const store = await openLayout(dir, { create: true });
  const at = { repository: "" };
  const blob = async (bytes: Uint8Array, mediaType: string): Promise<Descriptor> => {
    const descriptor = { digest: digestOf(bytes), size: bytes.byteLength, mediaType };
    if (await store.has(at, descriptor)) return descriptor;
    const write = await store.begin(at, descriptor);
    await write.append(
      (async function* () {
        yield bytes;
      })(),
    );
    await write.commit();
    return descriptor;
  };
  const manifest = async (document: object, mediaType: string, tags: readonly string[]): Promise<Descriptor> => {
    const bytes = Buffer.from(JSON.stringify(document));
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
    await store.putManifest(at, descriptor, { mediaType, digest: descriptor.digest, bytes }, tags);
    return descriptor;
  };
  const image = async (sample: SampleImage, platform: Platform, tags: readonly string[]): Promise<Descriptor> => {
    const layers = [
      await blob(Buffer.alloc(20_000, "common"), MEDIA_TYPES.ociLayer),
      await blob(Buffer.alloc(5_000, `${sample.seed}${platform.architecture}`), MEDIA_TYPES.ociLayer),
    ];
    const about = { ...platform, created: "2024-01-02T03:04:05Z", config: { Labels: sample.labels ?? {} } };
    const config = await blob(Buffer.from(JSON.stringify(about)), MEDIA_TYPES.ociConfig);
    return {
      ...(await manifest({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, config, layers }, MEDIA_TYPES.ociManifest, tags)),
      platform,
    };
  };
  const digests = new Map<string, string>();
  for (const sample of images) {
    if (sample.platforms === undefined) {
      digests.set(sample.name, (await image(sample, { os: "linux", architecture: "amd64" }, [sample.name])).digest);
      continue;
    }
    const manifests: Descriptor[] = [];
    for (const architecture of sample.platforms) manifests.push(await image(sample, { os: "linux", architecture }, []));
    digests.set(
      sample.name,
      (await manifest({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests }, MEDIA_TYPES.ociIndex, [sample.name])).digest,
    );
  }
  await store.close();
  return digests;
}
