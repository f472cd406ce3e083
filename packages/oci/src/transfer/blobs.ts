import type { Descriptor } from "../model/descriptor.ts";
import { isMounter, type Place, type Reader, type Writer } from "../store/types.ts";
import { type BlobCopyOptions, copyBlob } from "./copy-blob.ts";
import type { Holder, KnownContent } from "./known-content.ts";
import { cannotTell, sided, throwIfAborted, throwIfHeld } from "./retry.ts";
import type { Streams } from "./streams.ts";
import type { BlobOutcome, Tally } from "./tally.ts";

/** An image as its blobs see it. */
export interface BlobOwner {
  /** What others need to know of it; kept as long as the run, unlike the rest. */
  readonly holder: Holder;
  readonly source: Reader;
  readonly from: Place;
  readonly to: Place;
}

export interface BlobPlacerOptions extends BlobCopyOptions {
  readonly target: Writer;
  readonly known: KnownContent;
  readonly streams: Streams;
  readonly tally: Tally;
  readonly hold?: (() => string | undefined) | undefined;
}

/** What one flight found out: how the blob came to be there, that it is not there, or that this attempt failed. */
type Landing = BlobOutcome | "absent" | "failed";

/** Brings blobs to the target, each once: known, found by a look, mounted from a repository that has it, or copied. */
export class BlobPlacer {
  readonly #options: BlobPlacerOptions;
  readonly #flights = new Map<string, Promise<Landing>>();

  constructor(options: BlobPlacerOptions) {
    this.#options = options;
  }

  /**
   * Makes sure that a blob is at the image's place. Images that want the same blob share one flight; where another image's
   * copy failed, this one tries its own source. Waiting for other images happens between flights, never inside one, and
   * only for images earlier in the plan: so no two images wait for each other.
   * @param distrust ask the target instead of believing what is known
   * @throws OciError with `side`
   */
  async ensure(owner: BlobOwner, descriptor: Descriptor, distrust = false): Promise<BlobOutcome> {
    const { known, signal } = this.#options;
    const key = this.#key(owner.to.repository, descriptor);
    const waited = new Set<string>();
    let looked = false;
    for (;;) {
      throwIfAborted(signal);
      const running = this.#flights.get(key);
      if (running !== undefined) {
        const landing = await running;
        if (landing === "absent") looked = true;
        else if (landing !== "failed") return "present";
      } else if (!looked && !distrust && known.has(owner.to, descriptor.digest)) return "present";
      else if (!looked) {
        looked = true;
        if ((await this.#fly(key, () => this.#look(owner, descriptor, distrust))) === "present") return "present";
      } else {
        const holder = known.holder(owner.to, descriptor.digest);
        if (holder === undefined || waited.has(holder.repository)) return this.#fly(key, () => this.#bring(owner, descriptor, holder));
        waited.add(holder.repository);
        await this.#leader(holder, { owner, descriptor });
      }
    }
  }

  /** Registers a flight for others to share: it never rejects for them, only for the one who began it. */
  async #fly<T extends Landing>(key: string, task: () => Promise<T>): Promise<T> {
    const flight = task();
    const shared = flight.catch((): Landing => "failed");
    this.#flights.set(key, shared);
    try {
      return await flight;
    } finally {
      this.#flights.delete(key);
    }
  }

  async #look(owner: BlobOwner, descriptor: Descriptor, distrust: boolean): Promise<"present" | "absent"> {
    const { known, target, signal } = this.#options;
    if (!distrust && (await known.wasEmpty(owner.to, signal))) return "absent";
    const found = await target.has(owner.to, descriptor, { signal }).catch((error: unknown) => {
      if (cannotTell(error)) return false;
      throw sided(error, "target");
    });
    if (!found) return "absent";
    this.#landed(owner, { descriptor, how: "present" });
    return "present";
  }

  /** Some registries (ECR) mount only what a manifest holds, so an earlier image's manifest is waited for; a later one's never. */
  async #leader(holder: Holder, wanted: { readonly owner: BlobOwner; readonly descriptor: Descriptor }): Promise<void> {
    await this.#flights.get(this.#key(holder.repository, wanted.descriptor));
    if (holder.order < wanted.owner.holder.order) await holder.finished;
  }

  async #bring(owner: BlobOwner, descriptor: Descriptor, holder: Holder | undefined): Promise<BlobOutcome> {
    // Claimed before anything is awaited: of two images that find no leader, one becomes it.
    if (holder === undefined) this.#options.known.lead(descriptor.digest, owner.holder);
    const how = holder !== undefined && (await this.#mount(owner, descriptor, holder)) ? "mounted" : "copied";
    if (how === "copied") await this.#copy(owner, descriptor);
    this.#landed(owner, { descriptor, how });
    return how;
  }

  async #mount(owner: BlobOwner, descriptor: Descriptor, holder: Holder): Promise<boolean> {
    const { target, signal } = this.#options;
    if (!isMounter(target)) return false;
    try {
      return await target.mount(owner.to, descriptor, { repository: holder.repository }, { signal });
    } catch (error) {
      const failure = sided(error, "target");
      if (failure.code === "ABORTED") throw failure;
      return false;
    }
  }

  async #copy(owner: BlobOwner, descriptor: Descriptor): Promise<void> {
    const { target, streams, known, onEvent } = this.#options;
    const { digest, size } = descriptor;
    try {
      await streams.run({ order: owner.holder.order, size, host: owner.source.host }, async () => {
        throwIfHeld(this.#options.hold);
        onEvent({ event: "blob.start", digest, size, to: owner.to.repository });
        await copyBlob({ source: owner.source, from: owner.from, target, to: owner.to, descriptor }, this.#options);
      });
    } catch (error) {
      known.unlead(digest, owner.holder.repository);
      onEvent({ event: "blob.end", digest, size, how: "failed" });
      throw error;
    }
  }

  #landed(owner: BlobOwner, landed: { readonly descriptor: Descriptor; readonly how: BlobOutcome }): void {
    const { known, tally, onEvent } = this.#options;
    const { digest, size } = landed.descriptor;
    known.add(owner.to, digest);
    known.lead(digest, owner.holder);
    tally.blob(landed.how, size);
    onEvent({ event: "blob.end", digest, size, how: landed.how });
  }

  #key(repository: string, descriptor: Descriptor): string {
    return `${this.#options.known.shelf({ repository })} ${descriptor.digest}`;
  }
}
