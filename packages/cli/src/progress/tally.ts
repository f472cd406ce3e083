import type { ProgressEvent, ProgressTotals } from "./types.ts";

/** One blob on its way. */
export interface ActiveBlob {
  readonly digest: string;
  readonly size: number;
  readonly to: string;
  /** Bytes that arrived. */
  done: number;
}

/** Figures of a running phase, kept up to date by its events. */
export class Tally {
  totals: ProgressTotals = {};
  imagesDone = 0;
  imagesFailed = 0;
  /** Bytes that need no further moving: arrived, mounted or found present. */
  doneBytes = 0;
  /** Bytes that arrived over a connection, for the rate. */
  movedBytes = 0;
  retries = 0;
  readonly active: Map<string, ActiveBlob> = new Map();
  readonly #rate: { at: number; bytes: number }[] = [];

  /** Begins a phase: figures of the one before are forgotten, the rate is kept. */
  start(totals: ProgressTotals): void {
    this.totals = totals;
    this.imagesDone = 0;
    this.imagesFailed = 0;
    this.doneBytes = 0;
    this.active.clear();
  }

  take(event: ProgressEvent): void {
    switch (event.event) {
      case "image.end":
        this.imagesDone += 1;
        if (event.outcome.outcome === "failed") this.imagesFailed += 1;
        return;
      case "blob.start":
        this.active.set(event.digest, { digest: event.digest, size: event.size, to: event.to, done: 0 });
        return;
      case "blob.bytes":
        this.#bytes(event.digest, event.bytes);
        return;
      case "blob.end": {
        const blob = this.active.get(event.digest);
        this.active.delete(event.digest);
        // What was counted while it arrived is replaced by its size, or taken back when it failed.
        this.doneBytes += (event.how === "failed" ? 0 : event.size) - (blob?.done ?? 0);
        return;
      }
      case "retry":
        this.retries += 1;
        return;
      default:
        return;
    }
  }

  /** What is done of the total: a blob that several repositories mount counts for each of them, and for no more than all. */
  get shownBytes(): number {
    return this.totals.bytes === undefined ? this.doneBytes : Math.min(this.doneBytes, this.totals.bytes);
  }

  /** Bytes per second over the last ten seconds. `now` in milliseconds. */
  bytesPerSecond(now: number): number {
    const last = this.#rate.at(-1);
    if (last === undefined || now - last.at >= 250) this.#rate.push({ at: now, bytes: this.movedBytes });
    while (this.#rate.length > 2 && now - (this.#rate[0]?.at ?? now) > 10_000) this.#rate.shift();
    const first = this.#rate[0];
    if (first === undefined || now - first.at < 250) return 0;
    return (this.movedBytes - first.bytes) / ((now - first.at) / 1000);
  }

  /** Seconds until all bytes are done, or undefined when nothing can be said. */
  secondsLeft(now: number): number | undefined {
    const total = this.totals.bytes;
    const rate = this.bytesPerSecond(now);
    if (total === undefined || rate < 1) return undefined;
    return Math.max(0, Math.ceil((total - this.doneBytes) / rate));
  }

  #bytes(digest: string, bytes: number): void {
    const blob = this.active.get(digest);
    if (blob !== undefined) blob.done += bytes;
    this.doneBytes += bytes;
    this.movedBytes += bytes;
  }
}
