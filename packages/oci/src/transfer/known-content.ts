import type { Digest } from "../model/digest.ts";
import { isLister, isMounter, type Place, type Writer } from "../store/types.ts";
import type { PresenceRecord } from "./presence.ts";

/** An image of this run that holds a blob at the target. */
export interface Holder {
  readonly repository: string;
  /** Its image's place in the plan. */
  readonly order: number;
  /** Resolves when the image's manifest is at the target (true) or will not be (false). */
  readonly finished: Promise<boolean>;
}

/** What one run knows to be at its target, so that nothing is asked twice. */
export class KnownContent {
  readonly #target: Writer;
  readonly #record: PresenceRecord | undefined;
  /** Blobs live per repository where a store mounts, else once for all. */
  readonly #perPlace: boolean;
  readonly #there = new Map<string, Set<Digest>>();
  readonly #holders = new Map<Digest, Holder>();
  readonly #empty = new Map<string, boolean | Promise<boolean>>();
  readonly #distrusted = new Set<string>();
  /** No run has put anything at this target, and no repository was seen to hold something. */
  #expectsNothing: boolean;

  constructor(target: Writer, record: PresenceRecord | undefined) {
    this.#target = target;
    this.#record = record;
    this.#perPlace = isMounter(target);
    this.#expectsNothing = record?.knows(target.name) === false;
  }

  /** Key under which a blob is one and the same at the target. */
  shelf(at: Place): string {
    return this.#perPlace ? at.repository : "";
  }

  has(at: Place, digest: Digest): boolean {
    if (this.#there.get(this.shelf(at))?.has(digest) === true) return true;
    return !this.#distrusted.has(this.shelf(at)) && this.#record?.hasBlob(this.#target.name, this.shelf(at), digest) === true;
  }

  /** From now on the blob is known to be there; the record keeps it for the next run, and alone where it is believed. */
  add(at: Place, digest: Digest): void {
    const shelf = this.shelf(at);
    this.#record?.addBlob(this.#target.name, shelf, digest);
    if (this.#record !== undefined && !this.#distrusted.has(shelf)) return;
    const there = this.#there.get(shelf) ?? new Set<Digest>();
    this.#there.set(shelf, there.add(digest));
  }

  forget(at: Place, digest: Digest): void {
    this.#there.get(this.shelf(at))?.delete(digest);
    this.distrust(at);
  }

  /** From now on no earlier run is believed about this repository: it was seen to be wrong. */
  distrust(at: Place): void {
    this.#distrusted.add(this.shelf(at));
  }

  /** Another repository that holds or is about to hold the blob. */
  holder(at: Place, digest: Digest): Holder | undefined {
    if (!this.#perPlace) return undefined;
    const holder = this.#holders.get(digest);
    if (holder !== undefined && holder.repository !== at.repository) return holder;
    const recorded = this.#record?.holder(this.#target.name, digest);
    if (recorded === undefined || recorded === at.repository || this.#distrusted.has(recorded)) return undefined;
    return { repository: recorded, order: -1, finished: Promise.resolve(true) };
  }

  /** The first image to bring a blob leads. */
  lead(digest: Digest, holder: Holder): void {
    if (this.#perPlace && !this.#holders.has(digest)) this.#holders.set(digest, holder);
  }

  unlead(digest: Digest, repository: string): void {
    if (this.#holders.get(digest)?.repository === repository) this.#holders.delete(digest);
  }

  /**
   * Whether to ask for the whole repository before anything in it: where it likely holds nothing, or the answer is on its way,
   * one request does for all of its tags and blobs.
   */
  asksWholeFirst(at: Place): boolean {
    return this.#perPlace && isLister(this.#target) && (this.#expectsNothing || this.#empty.has(at.repository));
  }

  /**
   * Whether the repository held nothing when this run began: then no tag and no blob has to be looked for one by one. One request, once.
   */
  async wasEmpty(at: Place, signal: AbortSignal | undefined): Promise<boolean> {
    const known = this.#empty.get(at.repository);
    if (known !== undefined) return await known;
    const asked = this.#askEmpty(at, signal);
    this.#empty.set(at.repository, asked);
    const answer = await asked;
    this.#empty.set(at.repository, answer);
    if (!answer) this.#expectsNothing = false;
    return answer;
  }

  async #askEmpty(at: Place, signal: AbortSignal | undefined): Promise<boolean> {
    if (!this.#perPlace || !isLister(this.#target)) return false;
    try {
      for await (const _tag of this.#target.tags(at, { signal })) return false;
      return true;
    } catch {
      // Not every registry lists (or lets everybody list); then each blob is looked for.
      return false;
    }
  }
}
