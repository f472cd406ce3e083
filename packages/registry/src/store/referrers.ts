import type { Descriptor, Digest } from "@skerry/oci";
import type { Durable } from "./durable.ts";
import type { FileChange } from "./journal-records.ts";
import { digestOfFileName, type Layout } from "./layout.ts";

/** Who names a manifest as its subject: one file per referrer, with its descriptor, kept up to date by every push and delete. */
export class Referrers {
  readonly #layout: Layout;
  readonly #durable: Durable;

  constructor(layout: Layout, durable: Durable) {
    this.#layout = layout;
    this.#durable = durable;
  }

  /** The change that notes a referrer. */
  adding(repository: string, subject: Digest, referrer: Descriptor): FileChange {
    const bytes = new TextEncoder().encode(`${JSON.stringify(referrer)}\n`);
    return { path: this.#layout.referrer(repository, subject, referrer.digest), bytes };
  }

  /** The change that takes it away. */
  removing(repository: string, subject: Digest, referrer: Digest): FileChange {
    return { path: this.#layout.referrer(repository, subject, referrer), bytes: undefined };
  }

  /** Folders without referrers go. Who makes one at the same moment makes the folders again. */
  async removeEmptyFolders(repository: string, subject: Digest): Promise<void> {
    if (!(await this.#durable.files.removeFolder(this.#layout.referrers(repository, subject)))) return;
    await this.#durable.files.removeFolder(this.#layout.allReferrers(repository));
  }

  /** Ordered by digest. */
  async of(repository: string, subject: Digest): Promise<Descriptor[]> {
    const names = await this.#durable.files.list(this.#layout.referrers(repository, subject));
    const found: Descriptor[] = [];
    for (const name of [...names].sort()) {
      const digest = digestOfFileName(name);
      if (digest === undefined) continue;
      const bytes = await this.#durable.files.read(this.#layout.referrer(repository, subject, digest));
      if (bytes !== undefined) found.push(JSON.parse(new TextDecoder().decode(bytes)) as Descriptor);
    }
    return found;
  }
}
