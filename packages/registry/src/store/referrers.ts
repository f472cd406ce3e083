import type { Descriptor, Digest } from "@skerry/oci";
import type { Durable } from "./durable.ts";
import { digestOfFileName, type Layout } from "./layout.ts";

/** Who names a manifest as its subject: one file per referrer, with its descriptor, kept up to date by every push and delete. */
export class Referrers {
  readonly #layout: Layout;
  readonly #durable: Durable;

  constructor(layout: Layout, durable: Durable) {
    this.#layout = layout;
    this.#durable = durable;
  }

  async add(repository: string, subject: Digest, referrer: Descriptor): Promise<void> {
    const bytes = new TextEncoder().encode(`${JSON.stringify(referrer)}\n`);
    await this.#durable.write(this.#layout.referrer(repository, subject, referrer.digest), bytes);
  }

  async remove(repository: string, subject: Digest, referrer: Digest): Promise<void> {
    if (!(await this.#durable.remove(this.#layout.referrer(repository, subject, referrer)))) return;
    await this.#durable.files.removeFolder(this.#layout.referrers(repository, subject));
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
