import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type BlobWrite,
  type ByteSource,
  type Descriptor,
  digestOf,
  Hasher,
  type ManifestBytes,
  MEDIA_TYPES,
  type Mounter,
  openJournal,
  type Place,
  type Reader,
  type Root,
  transfer,
  type Writer,
} from "@skerry/oci";

/**
 * Peak memory of the copy engine with 500 and 5,000 small images, stores aside: `node bench/copy/memory.ts`. The source makes
 * its images as they are asked for, the target keeps nothing, so that what grows is the engine's.
 */
const count = process.argv[2];
if (count === undefined) compare();
else await copy(Number(count));

function compare(): void {
  const peaks = [500, 5000].map((images) => {
    const { stdout } = spawnSync(process.execPath, [import.meta.filename, String(images)], { encoding: "utf8" });
    const peak = Number(stdout);
    console.log(`${images} images: peak ${peak.toFixed(1)} MiB`);
    return peak;
  });
  console.log(`growth ${(((peaks[1] ?? 0) / (peaks[0] ?? 1) - 1) * 100).toFixed(1)} %`);
}

async function copy(images: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "skerry-bench-"));
  const journal = await openJournal(join(folder, "journal"));
  const report = await transfer(roots(images), nowhere(), { journal });
  if (report.outcomes.some(({ outcome }) => outcome === "failed")) throw report.outcomes.find(({ error }) => error !== undefined)?.error;
  await journal.close();
  await rm(folder, { recursive: true });
  console.log(process.resourceUsage().maxRSS / 1024);
}

async function* roots(images: number): AsyncGenerator<Root> {
  for (let index = 0; index < images; index++) {
    const { reader, descriptor } = image(index);
    const at = { repository: `org${index % 50}/app${index}` };
    yield { id: `${index}`, source: reader, from: at, descriptor, to: at, tags: ["v1"], referrers: "none" };
  }
}

/** Six layers of 200 bytes, three of them shared by twenty images. */
function image(index: number): { readonly reader: Reader; readonly descriptor: Descriptor } {
  const blobs = new Map<string, Uint8Array>();
  const add = (text: string, size: number, mediaType: string): Descriptor => {
    const bytes = Buffer.alloc(size, text);
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size };
  };
  const names = [0, 1, 2].map((layer) => `base ${index % 20} ${layer}`).concat([3, 4, 5].map((layer) => `own ${index} ${layer}`));
  const layers = names.map((name) => add(name, 200, MEDIA_TYPES.ociLayerGzip));
  const config = add(`config ${index} `, 200, MEDIA_TYPES.ociConfig);
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, config, layers }));
  const descriptor = { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf(bytes), size: bytes.byteLength };
  const content: ManifestBytes = { mediaType: descriptor.mediaType, digest: descriptor.digest, bytes };
  const reader: Reader = {
    name: "made",
    resolve: async () => descriptor,
    manifest: async () => content,
    blob: (_at, blob): ByteSource => ({
      size: blob.size,
      async *open(offset) {
        yield (blobs.get(blob.digest) ?? Buffer.alloc(0)).subarray(offset);
      },
    }),
    async *referrers() {},
  };
  return { reader, descriptor };
}

function nowhere(): Writer & Mounter {
  return {
    name: "nowhere",
    has: async () => false,
    mount: async () => true,
    begin: async (_at: Place, descriptor: Descriptor): Promise<BlobWrite> => {
      const hasher = new Hasher();
      return {
        get offset() {
          return hasher.size;
        },
        async append(body) {
          for await (const chunk of body) hasher.update(chunk);
          await new Promise((resolve) => setTimeout(resolve, 1));
        },
        async commit() {
          if (hasher.digest() !== descriptor.digest) throw new Error("damaged");
        },
        park: async () => undefined,
        drop: async () => undefined,
      };
    },
    putManifest: async () => undefined,
  };
}
