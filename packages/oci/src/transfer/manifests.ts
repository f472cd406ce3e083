import type { OciError } from "../errors.ts";
import type { GraphManifest } from "../graph/types.ts";
import type { Digest } from "../model/digest.ts";
import { checkManifest } from "../store/check-manifest.ts";
import type { ManifestBytes, Place, Reader, Writer } from "../store/types.ts";
import type { BlobOwner, BlobPlacer } from "./blobs.ts";
import { cannotTell, pause, sided } from "./retry.ts";
import type { Tally } from "./tally.ts";

export interface ManifestPlacerOptions {
  readonly target: Writer;
  readonly blobs: BlobPlacer;
  readonly tally: Tally;
  readonly backoffMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A manifest of a graph that is copied. */
export type CopiedManifest = GraphManifest & Required<Pick<GraphManifest, "manifest" | "content">>;

/** Tries of a manifest whose blobs a registry says it does not know, though they are there. */
const HEAL_TRIES = 3;

/** Puts manifests, each once per repository, and heals what a registry has lost. */
export class ManifestPlacer {
  readonly #options: ManifestPlacerOptions;
  readonly #flights = new Map<string, Promise<void>>();
  readonly #there = new Map<string, Set<Digest>>();

  constructor(options: ManifestPlacerOptions) {
    this.#options = options;
  }

  /** Whether this run has put the manifest there or found it. */
  knows(at: Place, digest: Digest): boolean {
    return this.#there.get(at.repository)?.has(digest) === true;
  }

  /** Notes that the manifest is there. */
  note(at: Place, digest: Digest): void {
    this.#there.set(at.repository, (this.#there.get(at.repository) ?? new Set<Digest>()).add(digest));
  }

  /** Whether a manifest is at the target; one that cosign finds by its tag, under that tag. */
  async isThere(at: Place, { descriptor, tag }: Pick<CopiedManifest, "descriptor" | "tag">): Promise<boolean> {
    if (this.knows(at, descriptor.digest)) return true;
    const { target, signal } = this.#options;
    try {
      const found =
        tag !== undefined && isResolver(target)
          ? (await target.resolve(at, tag, { signal }))?.digest === descriptor.digest
          : await target.has(at, descriptor, { signal });
      if (found) this.note(at, descriptor.digest);
      return found;
    } catch (error) {
      if (cannotTell(error)) return false;
      throw sided(error, "target");
    }
  }

  /**
   * Puts one manifest under its digest or under tags; everything it holds has been brought before. A registry that does not
   * know a blob after all (lost, collected, or not yet visible) gets every blob looked at again, once.
   * @throws OciError with side `target`; `SPARSE_REFUSED` for an index whose children were left out
   */
  async put(owner: BlobOwner, entry: CopiedManifest, tags: readonly string[]): Promise<void> {
    const key = `${owner.to.repository} ${entry.descriptor.digest} ${tags.join(" ")}`;
    const running = this.#flights.get(key);
    if (running !== undefined) return running;
    if (tags.length === 0 && this.knows(owner.to, entry.descriptor.digest)) return;
    const flight = this.#put(owner, entry, tags).finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }

  async #put(owner: BlobOwner, entry: CopiedManifest, tags: readonly string[]): Promise<void> {
    const { target, signal, tally, backoffMs } = this.#options;
    const content: ManifestBytes = entry.content;
    // By a tag a registry takes whatever it is given.
    checkManifest(entry.descriptor, content);
    for (let attempt = 1; ; attempt++) {
      try {
        await target.putManifest(owner.to, entry.descriptor, content, tags, { signal });
        break;
      } catch (error) {
        const failure = sided(error, "target");
        if (!lacksContent(failure) || attempt >= HEAL_TRIES) throw explained(failure, entry);
        if (attempt > 1) await pause(attempt, { backoffMs, signal });
        await this.#heal(owner, entry, failure);
      }
    }
    this.note(owner.to, entry.descriptor.digest);
    tally.manifest();
  }

  async #heal(owner: BlobOwner, entry: CopiedManifest, failure: OciError): Promise<void> {
    const { manifest } = entry;
    if (manifest.kind === "index") throw explained(failure, entry);
    const held = manifest.config === undefined ? manifest.layers : [manifest.config, ...manifest.layers];
    for (const blob of held) {
      if (blob.urls === undefined) await this.#options.blobs.ensure(owner, blob, true);
    }
  }
}

/** True when the target tells what a tag names. */
export function isResolver(target: Writer): target is Writer & Pick<Reader, "resolve"> {
  return "resolve" in target && typeof target.resolve === "function";
}

function lacksContent(error: OciError): boolean {
  return error.registryCode === "MANIFEST_BLOB_UNKNOWN" || error.registryCode === "BLOB_UNKNOWN";
}

function explained(error: OciError, entry: CopiedManifest): OciError {
  if (entry.manifest.kind !== "index" || !lacksContent(error)) return error;
  return error.with({
    code: "SPARSE_REFUSED",
    message: `The registry refuses the index ${entry.descriptor.digest} because children of it are not there: it does not take sparse indexes`,
    hint: "Copy all platforms, or allow sparse indexes at the registry (distribution 3: validation.manifests.indexes.platforms).",
  });
}
