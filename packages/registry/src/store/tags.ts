import { type Digest, isDigest, isTag } from "@skerry/oci";
import type { Durable } from "./durable.ts";
import type { FileFacts } from "./files.ts";
import type { TrackedChange } from "./journal-records.ts";
import type { Layout } from "./layout.ts";
import { FileMemory } from "./lru.ts";

/** Tags that are remembered, 200 bytes each: a cache that fills for hours looks like a leak, and a small file is read quickly. */
const KEPT = 30_000;

/** Tags of repositories: one file each that holds the digest. */
export class Tags {
  readonly #layout: Layout;
  readonly #durable: Durable;
  readonly #known = new FileMemory<Digest>(KEPT);

  constructor(layout: Layout, durable: Durable) {
    this.#layout = layout;
    this.#durable = durable;
  }

  get(repository: string, tag: string): Promise<Digest | undefined> {
    return this.#known.get(`${repository}:${tag}`, async () => {
      const bytes = await this.#durable.files.read(this.#layout.tag(repository, tag));
      const digest = bytes === undefined ? "" : new TextDecoder().decode(bytes).trim();
      return isDigest(digest) ? digest : undefined;
    });
  }

  /** The change that points the tag at a digest. The caller holds the lock of this tag until it is made. */
  setting(repository: string, tag: string, digest: Digest): TrackedChange {
    const bytes = new TextEncoder().encode(`${digest}\n`);
    const settle = this.#known.changing(`${repository}:${tag}`, digest);
    return { path: this.#layout.tag(repository, tag), bytes, settle };
  }

  /** The change that takes it away. The caller holds the lock of this tag until it is made. */
  removing(repository: string, tag: string): TrackedChange {
    const settle = this.#known.changing(`${repository}:${tag}`, undefined);
    return { path: this.#layout.tag(repository, tag), bytes: undefined, settle };
  }

  /** A folder without tags goes. Who makes one at the same moment makes the folder again. */
  async removeEmptyFolder(repository: string): Promise<void> {
    await this.#durable.files.removeFolder(this.#layout.tags(repository));
  }

  /** When the tag was last written. */
  facts(repository: string, tag: string): Promise<FileFacts | undefined> {
    return this.#durable.files.facts(this.#layout.tag(repository, tag));
  }

  /** In byte order. */
  async list(repository: string): Promise<readonly string[]> {
    const names = await this.#durable.files.list(this.#layout.tags(repository));
    return names.filter(isTag).sort(byBytes);
  }

  /** Tags that point at `digest`. */
  async pointingAt(repository: string, digest: Digest): Promise<readonly string[]> {
    const found: string[] = [];
    for (const tag of await this.list(repository)) {
      if ((await this.get(repository, tag)) === digest) found.push(tag);
    }
    return found;
  }
}

/** Order of ASCII names by their bytes, whatever the locale. */
export function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
