import type { Digest } from "@skerry/oci";
import type { Durable } from "./durable.ts";
import { digestOfFileName, type Layout, repositoryOfFolder } from "./layout.ts";
import { FileMemory } from "./lru.ts";

/** Links that are remembered, 200 bytes each. */
const KEPT = 40_000;

/** Which blobs a repository holds: one empty file each. A blob of the pool that is not linked here is not readable here. */
export class BlobLinks {
  readonly #layout: Layout;
  readonly #durable: Durable;
  readonly #known = new FileMemory<true>(KEPT);

  constructor(layout: Layout, durable: Durable) {
    this.#layout = layout;
    this.#durable = durable;
  }

  async has(repository: string, digest: Digest): Promise<boolean> {
    const known = await this.#known.get(linkKey(repository, digest), async () =>
      (await this.#durable.files.facts(this.#layout.link(repository, digest))) === undefined ? undefined : true,
    );
    return known === true;
  }

  async add(repository: string, digest: Digest): Promise<void> {
    await this.addBy(repository, digest, (path) => this.#durable.mark(path));
  }

  /** Runs `make`, which makes the link's file and makes it stable. */
  async addBy(repository: string, digest: Digest, make: (path: string) => Promise<void>): Promise<void> {
    await this.#known.change(linkKey(repository, digest), true, () => make(this.#layout.link(repository, digest)));
  }

  /** False when there was no such link. */
  async remove(repository: string, digest: Digest): Promise<boolean> {
    const path = this.#layout.link(repository, digest);
    const removed = await this.#known.change(linkKey(repository, digest), undefined, () => this.#durable.remove(path));
    if (removed) await this.#durable.files.removeFolder(this.#layout.linksOf(repository));
    return removed;
  }

  /** Milliseconds since 1970 when the link was last used by a push, or undefined when there is none. */
  async usedAt(repository: string, digest: Digest): Promise<number | undefined> {
    return (await this.#durable.files.facts(this.#layout.link(repository, digest)))?.changedAt;
  }

  /** Notes a use, so that a collection after a restart knows of it. */
  async touch(repository: string, digest: Digest, at: number): Promise<void> {
    await this.#durable.files.touch(this.#layout.link(repository, digest), at);
  }

  /** True when the repository holds a blob. */
  async hasRepository(repository: string): Promise<boolean> {
    return (await this.#durable.files.facts(this.#layout.linksOf(repository))) !== undefined;
  }

  /** Repositories that hold blobs, in no order. */
  async repositories(): Promise<string[]> {
    return (await this.#durable.files.list(this.#layout.links)).map(repositoryOfFolder);
  }

  /** Blobs of one repository, in no order. */
  async of(repository: string): Promise<Digest[]> {
    const names = await this.#durable.files.list(this.#layout.linksOf(repository));
    return names.map(digestOfFileName).filter((digest) => digest !== undefined);
  }
}

function linkKey(repository: string, digest: Digest): string {
  return `${repository}@${digest}`;
}
