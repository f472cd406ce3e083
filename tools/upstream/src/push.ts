import { type Digest, isMounter, type Place, type Writer } from "@skerry/oci";
import type { BuiltImage } from "./image.ts";
import type { Blob } from "./layer.ts";

/** What was written. Bytes are counted once per blob, however many repositories hold it. */
export interface Pushed {
  readonly manifests: number;
  readonly blobs: number;
  readonly bytes: number;
}

/** Writes generated images; a blob that another repository already holds is mounted. */
export class Pusher {
  readonly #target: Writer;
  /** Where each blob was first written. */
  readonly #homes = new Map<Digest, Promise<string>>();
  readonly #linked = new Set<string>();
  #manifests = 0;
  #bytes = 0;

  constructor(target: Writer) {
    this.#target = target;
  }

  /** Writes an image to a repository, under tags, with everything that belongs to it. */
  async push(image: BuiltImage, repository: string, tags: readonly string[]): Promise<void> {
    const at = { repository };
    for (const manifest of image.manifests) {
      for (const blob of manifest.blobs) await this.#blob(at, blob);
      const { content } = manifest;
      const isRoot = content.digest === image.root.digest;
      const descriptor = { mediaType: content.mediaType, digest: content.digest, size: content.bytes.byteLength };
      await this.#target.putManifest(at, descriptor, content, isRoot ? [...manifest.tags, ...tags] : manifest.tags);
      this.#manifests += 1;
    }
  }

  get pushed(): Pushed {
    return { manifests: this.#manifests, blobs: this.#homes.size, bytes: this.#bytes };
  }

  async #blob(at: Place, blob: Blob): Promise<void> {
    const { digest } = blob.descriptor;
    const link = `${at.repository}@${digest}`;
    if (this.#linked.has(link)) return;
    const home = this.#homes.get(digest);
    if (home === undefined) {
      this.#bytes += blob.bytes.byteLength;
      const written = this.#upload(at, blob).then(() => at.repository);
      this.#homes.set(digest, written);
      await written;
    } else {
      const from = await home;
      if (from !== at.repository && !(isMounter(this.#target) && (await this.#target.mount(at, blob.descriptor, { repository: from })))) {
        await this.#upload(at, blob);
      }
    }
    this.#linked.add(link);
  }

  async #upload(at: Place, blob: Blob): Promise<void> {
    const write = await this.#target.begin(at, blob.descriptor);
    await write.append(once(blob.bytes));
    await write.commit();
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
