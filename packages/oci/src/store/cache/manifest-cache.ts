import { mkdir, open, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../../hash.ts";
import { type Digest, digestAlgorithm, digestHex } from "../../model/digest.ts";
import { MAX_MANIFEST_BYTES } from "../../model/manifest.ts";
import { diskError, errnoOf } from "../disk/errors.ts";
import type { ManifestBytes } from "../types.ts";

/** Manifests by digest, kept between runs: a manifest is fetched from a source once in its life. */
export interface ManifestCache {
  /** The manifest as it came, verified now; undefined when it is not kept or no longer what it was. */
  get(digest: Digest): Promise<ManifestBytes | undefined>;
  put(manifest: ManifestBytes): Promise<void>;
}

/**
 * Opens a cache folder, making it where needed. Private (0700, files 0600): names and contents of images are nobody else's
 * business. One file per digest: a line with the media type, then the bytes as they came.
 * @throws OciError `IO_FAILED`, `NO_SPACE`
 */
export async function openManifestCache(dir: string): Promise<ManifestCache> {
  const folder = join(dir, "manifests");
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw diskError(error, "open the manifest cache", folder);
  }
  const made = new Set<string>();
  const recent = new RecentManifests(RECENT_BYTES);

  function pathOf(digest: Digest): { readonly parent: string; readonly path: string } {
    const hex = digestHex(digest);
    const parent = join(folder, hex.slice(0, 2));
    return { parent, path: join(parent, `${digestAlgorithm(digest)}-${hex}`) };
  }

  async function get(digest: Digest): Promise<ManifestBytes | undefined> {
    const known = recent.get(digest);
    if (known !== undefined) return known;
    const { path } = pathOf(digest);
    let file: Uint8Array;
    try {
      file = await readEntry(path);
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return undefined;
      throw diskError(error, `read ${digest} from the manifest cache`, path);
    }
    const end = file.indexOf(0x0a);
    if (end < 0) return undefined;
    const bytes = file.subarray(end + 1);
    if (digestOf(bytes, digestAlgorithm(digest)) !== digest) return undefined;
    const manifest = { mediaType: new TextDecoder().decode(file.subarray(0, end)), digest, bytes };
    recent.add(manifest);
    return manifest;
  }

  async function put(manifest: ManifestBytes): Promise<void> {
    const { parent, path } = pathOf(manifest.digest);
    try {
      if (!made.has(parent)) {
        await mkdir(parent, { recursive: true, mode: 0o700 });
        made.add(parent);
      }
      await writePrivate(path, Buffer.concat([Buffer.from(`${manifest.mediaType.replaceAll("\n", "")}\n`), manifest.bytes]));
    } catch (error) {
      throw diskError(error, `keep ${manifest.digest} in the manifest cache`, path);
    }
    // A copy: what came over the wire may be a corner of a large buffer.
    recent.add({ ...manifest, bytes: new Uint8Array(manifest.bytes) });
  }

  return { get, put };
}

/** A run reads each manifest twice, for its plan and for what follows from it: so much of them is not read from the disk again. */
const RECENT_BYTES = 2 * 1024 * 1024;

/** Manifests that were read or written last, up to a number of bytes. */
class RecentManifests {
  readonly #most: number;
  readonly #kept = new Map<Digest, ManifestBytes>();
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get(digest: Digest): ManifestBytes | undefined {
    return this.#kept.get(digest);
  }

  add(manifest: ManifestBytes): void {
    if (this.#kept.has(manifest.digest)) return;
    this.#kept.set(manifest.digest, manifest);
    this.#bytes += manifest.bytes.byteLength;
    for (const [oldest, { bytes }] of this.#kept) {
      if (this.#bytes <= this.#most) return;
      this.#kept.delete(oldest);
      this.#bytes -= bytes.byteLength;
    }
  }
}

/** Bytes of nearly every manifest: one read is enough. */
const USUAL_BYTES = 16 * 1024;

/** A cache entry whole. Each step is a trip to another thread: a run that has nothing new to do does little else. */
async function readEntry(path: string): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    let buffer = Buffer.allocUnsafe(USUAL_BYTES);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.byteLength - length, length);
      length += bytesRead;
      // What is beyond the limit of a manifest has another digest than it should. A copy: who keeps the manifest keeps no more.
      if (length < buffer.byteLength || length > MAX_MANIFEST_BYTES + 1024) return new Uint8Array(buffer.subarray(0, length));
      buffer = Buffer.concat([buffer, Buffer.allocUnsafe(3 * length)]);
    }
  } finally {
    await file.close();
  }
}

/**
 * A cache entry lost to a power cut is fetched again and a torn one is noticed by its digest, so nothing is synced and no
 * temporary name is needed. What is there already was found damaged, or another run has just written it.
 */
async function writePrivate(path: string, bytes: Uint8Array): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await writeFile(path, bytes, { flag: "wx", mode: 0o600 });
      return;
    } catch (error) {
      if (errnoOf(error) !== "EEXIST" || attempt > 2) throw error;
      await rm(path, { force: true });
    }
  }
}

/** A cache that forgets when the program ends, for tests and single copies. Holds at most `limit` manifests, the latest used. */
export function memoryManifestCache(limit = 1000): ManifestCache {
  const kept = new Map<Digest, ManifestBytes>();
  return {
    async get(digest) {
      const found = kept.get(digest);
      if (found === undefined) return undefined;
      kept.delete(digest);
      kept.set(digest, found);
      return found;
    },
    async put(manifest) {
      kept.set(manifest.digest, manifest);
      for (const oldest of kept.keys()) {
        if (kept.size <= limit) break;
        kept.delete(oldest);
      }
    },
  };
}
