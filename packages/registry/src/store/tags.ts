import { type Digest, isDigest, isTag } from "@skerry/oci";
import type { Durable } from "./durable.ts";
import type { FileFacts } from "./files.ts";
import type { Layout } from "./layout.ts";
import { FileMemory } from "./lru.ts";

const KEPT = 200_000;

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

  /** Points the tag at a digest. The caller holds the lock of this tag. */
  async set(repository: string, tag: string, digest: Digest): Promise<void> {
    const bytes = new TextEncoder().encode(`${digest}\n`);
    await this.#known.change(`${repository}:${tag}`, digest, () => this.#durable.write(this.#layout.tag(repository, tag), bytes));
  }

  /** False when there was no such tag. The caller holds the lock of this tag. */
  async remove(repository: string, tag: string): Promise<boolean> {
    const path = this.#layout.tag(repository, tag);
    const removed = await this.#known.change(`${repository}:${tag}`, undefined, () => this.#durable.remove(path));
    if (removed) await this.#durable.files.removeFolder(this.#layout.tags(repository));
    return removed;
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
