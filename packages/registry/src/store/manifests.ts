import { type Digest, isDigest } from "@skerry/oci";
import type { Durable } from "./durable.ts";
import type { FileFacts } from "./files.ts";
import type { TrackedChange } from "./journal-records.ts";
import { digestOfFileName, type Layout, repositoryOfFolder } from "./layout.ts";
import { FileMemory } from "./lru.ts";
import { byBytes } from "./tags.ts";

/** Manifests that are remembered, 300 bytes each. */
const KEPT = 20_000;

/** What a repository notes of a manifest: the bytes are in the pool. */
export interface ManifestLink {
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
  readonly subject?: Digest;
}

/** Which manifests a repository holds: one small file each. */
export class ManifestLinks {
  readonly #layout: Layout;
  readonly #durable: Durable;
  readonly #known = new FileMemory<ManifestLink>(KEPT);

  constructor(layout: Layout, durable: Durable) {
    this.#layout = layout;
    this.#durable = durable;
  }

  get(repository: string, digest: Digest): Promise<ManifestLink | undefined> {
    return this.#known.get(`${repository}@${digest}`, async () => {
      const bytes = await this.#durable.files.read(this.#layout.manifest(repository, digest));
      return bytes === undefined ? undefined : readLink(bytes);
    });
  }

  /** The same, quick for a manifest that is new. */
  async getIfThere(repository: string, digest: Digest): Promise<ManifestLink | undefined> {
    const isThere = await this.#durable.files.isThere(this.#layout.manifest(repository, digest));
    return isThere ? this.get(repository, digest) : undefined;
  }

  /** The change that notes a manifest whose bytes are in the pool. The caller holds the lock of this digest until it is made. */
  setting(repository: string, digest: Digest, link: ManifestLink): TrackedChange {
    const bytes = new TextEncoder().encode(`${JSON.stringify(link)}\n`);
    const settle = this.#known.changing(`${repository}@${digest}`, link);
    return { path: this.#layout.manifest(repository, digest), bytes, settle };
  }

  /** The change that takes it away. The caller holds the lock of this digest until it is made. */
  removing(repository: string, digest: Digest): TrackedChange {
    const settle = this.#known.changing(`${repository}@${digest}`, undefined);
    return { path: this.#layout.manifest(repository, digest), bytes: undefined, settle };
  }

  /** When the manifest was pushed. */
  facts(repository: string, digest: Digest): Promise<FileFacts | undefined> {
    return this.#durable.files.facts(this.#layout.manifest(repository, digest));
  }

  /** Manifests of one repository, in no order. */
  async of(repository: string): Promise<Digest[]> {
    const names = await this.#durable.files.list(this.#layout.manifests(repository));
    return names.map(digestOfFileName).filter((digest) => digest !== undefined);
  }

  /** Repositories that hold a manifest, or are about to, in byte order. */
  async repositories(): Promise<string[]> {
    return (await this.#durable.files.list(this.#layout.repositories)).map(repositoryOfFolder).sort(byBytes);
  }

  /** True when the repository holds a manifest, or is about to. */
  async hasRepository(repository: string): Promise<boolean> {
    return (await this.#durable.files.facts(this.#layout.repository(repository))) !== undefined;
  }

  /** A repository without manifests is no longer listed. Who makes an entry at the same moment makes the folders again. */
  async removeEmptyFolders(repository: string): Promise<void> {
    if (!(await this.#durable.files.removeFolder(this.#layout.manifests(repository)))) return;
    await this.#durable.files.removeFolder(this.#layout.tags(repository));
    await this.#durable.files.removeFolder(this.#layout.allReferrers(repository));
    await this.#durable.files.removeFolder(this.#layout.repository(repository));
  }
}

function readLink(bytes: Uint8Array): ManifestLink | undefined {
  const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (typeof value !== "object" || value === null) return undefined;
  const { mediaType, size, subject } = value as Record<string, unknown>;
  if (typeof mediaType !== "string" || typeof size !== "number") return undefined;
  return { mediaType, size, ...(typeof subject === "string" && isDigest(subject) ? { subject } : {}) };
}
