import { randomBytes } from "node:crypto";
import { type Descriptor, digestOf, MEDIA_TYPES, MemoryStore, Registries, type Root, transfer } from "@skerry/oci";

/** One image to be made: its repository and the sizes of its layers; layers of one name are the same everywhere. */
export interface BenchImage {
  readonly repository: string;
  readonly layers: readonly { readonly name: string; readonly bytes: number }[];
}

/** (a) One image of 1 GiB in eight layers. */
export const LARGE: readonly BenchImage[] = [
  { repository: "large", layers: Array.from({ length: 8 }, (_, index) => ({ name: `l${index}`, bytes: 128 * 1024 * 1024 })) },
];

/** (b, c) Twenty images of seven blobs that share nothing. */
export const TWENTY: readonly BenchImage[] = Array.from({ length: 20 }, (_, image) => ({
  repository: `small/n${image}`,
  layers: Array.from({ length: 6 }, (_, layer) => ({ name: `n${image}-${layer}`, bytes: 20_000 + layer * 10_000 })),
}));

/** (d) Two hundred images of ten bases. */
export const SHARED: readonly BenchImage[] = Array.from({ length: 200 }, (_, image) => ({
  repository: `shared/n${image}`,
  layers: [
    { name: `base${image % 10}`, bytes: 4_000_000 },
    { name: `runtime${image % 10}`, bytes: 2_000_000 },
    { name: `own${image}`, bytes: 50_000 },
  ],
}));

/** Makes the images in a registry. @returns the bytes of their unique blobs */
export async function seed(host: string, images: readonly BenchImage[]): Promise<number> {
  const layers = new Map<string, { readonly descriptor: Descriptor; readonly bytes: Uint8Array }>();
  const memory = new MemoryStore();
  const roots: Root[] = [];
  const unique = new Map<string, number>();
  const add = (at: Root["to"], mediaType: string, bytes: Uint8Array, digest = digestOf(bytes)): Descriptor => {
    memory.addBlob(at, digest, bytes);
    unique.set(digest, bytes.byteLength);
    return { mediaType, digest, size: bytes.byteLength };
  };
  for (const image of images) {
    const to = { repository: image.repository };
    const list = image.layers.map(({ name, bytes: size }) => {
      const bytes = layers.get(name)?.bytes ?? randomBytes(size);
      const descriptor = add(to, MEDIA_TYPES.ociLayerGzip, bytes, layers.get(name)?.descriptor.digest);
      layers.set(name, { descriptor, bytes });
      return descriptor;
    });
    const rootfs = { type: "layers", diff_ids: list.map(({ digest }) => digest) };
    const config = add(to, MEDIA_TYPES.ociConfig, Buffer.from(JSON.stringify({ os: "linux", architecture: "amd64", rootfs })));
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, config, layers: list }));
    const descriptor = { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf(bytes), size: bytes.byteLength };
    await memory.putManifest(to, descriptor, { mediaType: descriptor.mediaType, digest: descriptor.digest, bytes }, ["v1"]);
    roots.push({ id: image.repository, source: memory, from: to, descriptor, to, tags: ["v1"], referrers: "none" });
  }
  await using registries = new Registries({ insecureHosts: [host] });
  const report = await transfer(roots, registries.writer(host), { gates: registries.gates });
  const failed = report.outcomes.find(({ error }) => error !== undefined);
  if (failed?.error !== undefined) throw failed.error;
  return [...unique.values()].reduce((sum, bytes) => sum + bytes, 0);
}
