import { createHash, type Hash } from "node:crypto";
import { OciError } from "../errors.ts";
import type { ArchiveVolume } from "./contents.ts";
import { volumeOf } from "./cutter.ts";
import type { VolumeFiles } from "./volume-files.ts";

/** Bytes hashed at a time: large enough for the thread pool, small enough to let others run between. */
const STEP = 1024 * 1024;

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
  #hash: Hash = createHash("sha256");
  #volume = 0;
  #position = 0;
  #frontier = 0;
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
    this.#running ??= this.#run();
  }

  /** Waits until everything that is complete is hashed. @throws what reading or finishing a volume threw */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    if (this.#failure !== undefined) throw this.#failure;
    await this.#passBorders();
  }

  /** Ends the last volume: nothing follows. */
  async end(): Promise<void> {
    await this.settled();
    if (this.#position > (this.#starts[this.#volume] ?? 0)) await this.#finish();
  }

  async #run(): Promise<void> {
    try {
      // Lets the caller go on first.
      await Promise.resolve();
      while (this.#position < this.#frontier) await this.#step();
    } catch (error) {
      this.#failure ??= error;
    } finally {
      this.#running = undefined;
    }
  }

  async #step(): Promise<void> {
    await this.#passBorders();
    const next = this.#starts[this.#volume + 1];
    if (this.#finished.has(this.#volume) && next !== undefined) {
      this.#position = next;
      return;
    }
    const chunk = await this.#files.read(this.#position, Math.min(STEP, this.#frontier - this.#position));
    if (chunk.byteLength === 0) {
      throw new OciError({
        code: "IO_FAILED",
        message: `Cannot finish ${this.#files.path(this.#volume)}: it became shorter while it was written`,
        subject: this.#files.path(this.#volume),
      });
    }
    this.#hash.update(chunk);
    this.#position += chunk.byteLength;
  }

  async #passBorders(): Promise<void> {
    while (volumeOf(this.#starts, this.#position) > this.#volume) await this.#finish();
  }

  async #finish(): Promise<void> {
    const index = this.#volume;
    const known = this.#finished.get(index);
    const sha256 = this.#hash.digest("hex");
    this.#volume += 1;
    this.#hash = createHash("sha256");
    if (known !== undefined) return;
    await this.#files.finish(index);
    const volume = { name: this.#files.name(index), bytes: this.#position - (this.#starts[index] ?? 0), sha256 };
    this.#finished.set(index, volume);
    await this.#onFinished(index, volume);
  }
}
