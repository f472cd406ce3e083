import { OciError } from "../errors.ts";
import type { ArchiveVolume } from "./contents.ts";
import { volumeOf } from "./cutter.ts";
import { HashThread } from "./hash-thread.ts";
import type { VolumeFiles } from "./volume-files.ts";

/** Bytes hashed at a time: a message to the thread and back costs little against them. */
const STEP = 8 * 1024 * 1024;

/** Small entries wait until there are so many bytes of them, or their volume is complete. */
const LEAST = 4 * 1024 * 1024;

/** A volume that will not change again. */
export type FinishedVolume = Required<ArchiveVolume>;

/**
 * Hashes volumes while they grow. Entries are written side by side, so the hash follows behind the end of what is complete;
 * what it reads was written a moment ago and is still in memory.
 */
export class VolumeDigests {
  readonly #files: VolumeFiles;
  readonly #starts: readonly number[];
  readonly #finished: Map<number, FinishedVolume>;
  readonly #onFinished: (index: number, volume: FinishedVolume) => Promise<void>;
  readonly #thread = new HashThread();
  #volume = 0;
  #position = 0;
  #frontier = 0;
  #settling = false;
  #running: Promise<void> | undefined;
  #failure: unknown;

  /** @param finished volumes that are known already, by number from 0; grows */
  constructor(
    files: VolumeFiles,
    starts: readonly number[],
    how: { readonly finished: Map<number, FinishedVolume>; readonly onFinished: (index: number, volume: FinishedVolume) => Promise<void> },
  ) {
    this.#files = files;
    this.#starts = starts;
    this.#finished = how.finished;
    this.#onFinished = how.onFinished;
  }

  /** Everything before `position` is complete. */
  advance(position: number): void {
    if (position <= this.#frontier) return;
    this.#frontier = position;
    if (this.#isWorthIt()) this.#running ??= this.#run();
  }

  /** Waits until everything that is complete is hashed. @throws what reading or finishing a volume threw */
  async settled(): Promise<void> {
    this.#settling = true;
    do {
      if (this.#failure === undefined && this.#isWorthIt()) this.#running ??= this.#run();
      await this.#running;
    } while (this.#running !== undefined || (this.#failure === undefined && this.#isWorthIt()));
    this.#settling = false;
    if (this.#failure !== undefined) throw this.#failure;
    await this.#passBorders();
  }

  /** Ends the last volume: nothing follows. */
  async end(): Promise<void> {
    await this.settled();
    if (this.#position > (this.#starts[this.#volume] ?? 0)) await this.#finish();
  }

  async close(): Promise<void> {
    await this.#thread.close();
  }

  async #run(): Promise<void> {
    try {
      // Lets the caller go on first.
      await Promise.resolve();
      while (this.#isWorthIt()) await this.#step();
      // A volume that ends here need not wait for the first entry of the next.
      await this.#passBorders();
    } catch (error) {
      this.#failure ??= error;
    } finally {
      this.#running = undefined;
    }
  }

  #isWorthIt(): boolean {
    const ready = this.#frontier - this.#position;
    // The first bytes go at once: they start the thread, which takes longer than they do.
    return (
      ready >= (this.#position === 0 ? 1 : LEAST) ||
      (ready > 0 && (this.#settling || volumeOf(this.#starts, this.#frontier) > this.#volume))
    );
  }

  async #step(): Promise<void> {
    await this.#passBorders();
    const next = this.#starts[this.#volume + 1];
    if (this.#finished.has(this.#volume) && next !== undefined) {
      this.#position = next;
      return;
    }
    const length = Math.min(STEP, this.#frontier - this.#position, (next ?? Number.MAX_SAFE_INTEGER) - this.#position);
    const start = this.#starts[this.#volume] ?? 0;
    const read = await this.#thread.add(this.#files.path(this.#volume), this.#position - start, length);
    if (read === 0) {
      throw new OciError({
        code: "IO_FAILED",
        message: `Cannot finish ${this.#files.path(this.#volume)}: it became shorter while it was written`,
        subject: this.#files.path(this.#volume),
      });
    }
    this.#position += read;
  }

  async #passBorders(): Promise<void> {
    while (volumeOf(this.#starts, this.#position) > this.#volume) await this.#finish();
  }

  async #finish(): Promise<void> {
    const index = this.#volume;
    const sha256 = await this.#thread.digest();
    this.#volume += 1;
    if (this.#finished.has(index)) return;
    await this.#files.finish(index);
    const volume = { name: this.#files.name(index), bytes: this.#position - (this.#starts[index] ?? 0), sha256 };
    this.#finished.set(index, volume);
    await this.#onFinished(index, volume);
  }
}
