import { setImmediate } from "node:timers/promises";
import { RegistryError } from "../errors.ts";
import { type ChangeMaker, makeStable } from "./apply-changes.ts";
import type { Durable } from "./durable.ts";
import { errorCode } from "./files.ts";
import { encodeRecord, type FileChange } from "./journal-records.ts";
import { JournalSegment } from "./journal-segment.ts";

/** A segment is full with so many bytes, or changes: this bounds what a start after a crash has to go through. */
const FULL_BYTES = 16 * 1024 * 1024;
export const FULL_CHANGES: number = 4000;
/** Changes that stand in the journal alone are made stable in their own files after so long, so that an idle one is empty. */
const IDLE_MS = 20_000;
/** Turns of the event loop that a sync waits at most, as long as each brings somebody who wants it, too. */
const MOST_TURNS = 16;

/** What a journal works on. */
export interface JournalPlace {
  /** Changes are below it. */
  readonly root: string;
  /** Where the segments are. */
  readonly folder: string;
  readonly durable: Durable;
  /** Makes the changes once they are in the journal. */
  readonly changes: ChangeMaker;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called before the first segment is made: from then on the files alone do not say everything. */
  readonly onUse: () => Promise<void>;
  /** Segments of an earlier process whose changes are made again but not stable yet, and the next sequence. */
  readonly found: readonly JournalSegment[];
  readonly sequence: number;
  /** Changes that make a segment full. */
  readonly fullChanges: number;
}

/** To be called when changes that are in the journal are made, or will not be. */
type Applied = () => void;

interface Waiting {
  readonly changes: readonly FileChange[];
  readonly done: (applied: Applied) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Makes changes of small files stable together: what many tasks want is appended to one file with one sync, then the
 * changes are made without any. The files are synced later, many at once, and only then their segment of the journal goes. After a
 * crash the changes of the segments that are there are made again (journal-replay.ts).
 */
export class Journal {
  readonly #place: JournalPlace;
  #sequence: number;
  readonly #waiting: Waiting[] = [];
  #appending = false;
  #current: JournalSegment | undefined;
  /** Full segments, the oldest first. */
  readonly #full: JournalSegment[];
  #settling: Promise<void> | undefined;
  #idle: NodeJS.Timeout | undefined;
  #inUse = false;
  #closed = false;
  /** What kept a file from being synced: which bytes the disk has is unknown then, and a start makes the changes again. */
  #broken: unknown;

  constructor(place: JournalPlace) {
    this.#place = place;
    this.#sequence = place.sequence;
    this.#full = [...place.found];
    if (this.#full.length > 0) this.#settleSoon();
  }

  /**
   * Makes all the changes, in their order; they are made and stable when it returns. The caller sees to it that changes of one
   * path do not overlap. When it fails, each change may be made or not, but a later start does not come back to them.
   */
  async commit(changes: readonly FileChange[]): Promise<void> {
    let applied: Applied;
    try {
      applied = await this.#note(changes);
    } catch (error) {
      if (!isFull(error) || changes.some(({ bytes }) => bytes !== undefined)) throw error;
      return this.#removeDirectly(changes);
    }
    try {
      await this.#place.changes.make(changes);
    } catch (error) {
      applied();
      await this.#giveUp();
      throw error;
    }
    applied();
  }

  /** Resolves when the changes are in the journal for good. */
  #note(changes: readonly FileChange[]): Promise<Applied> {
    const { promise, resolve, reject } = Promise.withResolvers<Applied>();
    this.#waiting.push({ changes, done: resolve, failed: reject });
    if (!this.#appending) void this.#appendAll();
    return promise;
  }

  /** Everything that waits goes with one sync; what comes meanwhile waits for the next. */
  async #appendAll(): Promise<void> {
    this.#appending = true;
    while (this.#waiting.length > 0) {
      await this.#everybody();
      const batch = this.#take();
      try {
        await this.#append(batch);
      } catch (error) {
        await this.#giveUp();
        for (const { failed } of batch) failed(error);
      }
    }
    this.#appending = false;
  }

  /** Lets those come along who are on their way already: one sync later they would wait for two. Alone, it costs a turn of the loop. */
  async #everybody(): Promise<void> {
    for (let turn = 0, before = 0; before < this.#waiting.length && turn < MOST_TURNS; turn += 1) {
      before = this.#waiting.length;
      await setImmediate();
    }
  }

  /** No more than a start can read again at once, whatever the size of the manifests. */
  #take(): Waiting[] {
    let bytes = 0;
    const end = this.#waiting.findIndex(({ changes }) => {
      if (bytes >= FULL_BYTES) return true;
      for (const change of changes) bytes += change.bytes?.byteLength ?? 0;
      return false;
    });
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end);
  }

  async #append(batch: readonly Waiting[]): Promise<void> {
    let segment = await this.#segment();
    // It may have been ended in the moment between.
    while (segment !== this.#current) segment = await this.#segment();
    // Whoever ends it from here on waits for this.
    const appended = segment.applying();
    try {
      await segment.append(batch.flatMap(({ changes }) => this.#record(segment, changes)));
      for (const { done } of batch) done(segment.applying());
    } finally {
      appended();
    }
  }

  #record(segment: JournalSegment, changes: readonly FileChange[]): Uint8Array[] {
    const { root, now } = this.#place;
    for (const { path } of changes) segment.changed.add(path);
    const below = changes.map(({ path, bytes }) => ({ path: path.slice(root.length + 1), bytes }));
    const sequence = this.#sequence;
    this.#sequence += 1;
    return encodeRecord({ sequence, at: now(), changes: below });
  }

  /** The segment that takes the next records. */
  async #segment(): Promise<JournalSegment> {
    if (this.#broken !== undefined) throw this.#broken;
    if (this.#closed) throw new RegistryError({ code: "ABORTED", message: "The store is closed" });
    const { size, changed } = this.#current ?? { size: 0, changed: new Set() };
    if (size >= FULL_BYTES || changed.size >= this.#place.fullChanges) await this.#next();
    this.#current ??= await this.#make();
    return this.#current;
  }

  /** Ends the segment. Two at most are full: who writes faster than the disk takes it waits here. */
  async #next(): Promise<void> {
    if (this.#full.length > 0) await this.#settleFull();
    this.#end();
    this.#settleFull().catch(() => undefined);
  }

  #end(): void {
    if (this.#current !== undefined) this.#full.push(this.#current);
    this.#current = undefined;
  }

  async #make(): Promise<JournalSegment> {
    const { folder, durable, onUse } = this.#place;
    if (!this.#inUse) await onUse();
    this.#inUse = true;
    const path = `${folder}/${String(this.#sequence).padStart(16, "0")}`;
    const segment = await durable.inFolder(folder, () => JournalSegment.create(durable.files, path));
    await durable.syncFolder(folder);
    this.#settleSoon();
    return segment;
  }

  #settleSoon(): void {
    this.#idle ??= setTimeout(() => {
      this.#idle = undefined;
      this.#end();
      this.#settleFull().catch(() => undefined);
    }, IDLE_MS).unref();
  }

  /** Syncs what the full segments have changed, and removes them. */
  #settleFull(): Promise<void> {
    this.#settling ??= this.#settle().finally(() => {
      this.#settling = undefined;
    });
    return this.#settling;
  }

  async #settle(): Promise<void> {
    for (let segment = this.#full[0]; segment !== undefined; segment = this.#full[0]) {
      if (this.#broken !== undefined) throw this.#broken;
      await segment.applied();
      try {
        await makeStable(this.#place.durable, this.#place.root, segment.changed);
      } catch (error) {
        if (errorCode(error) === "EIO") this.#broken = error;
        throw error;
      }
      await segment.close();
      await this.#place.durable.remove(segment.path);
      this.#full.shift();
    }
  }

  /** Empties the journal, so that nothing of what is in it is made again. */
  async #giveUp(): Promise<void> {
    // What was the matter is said by who asked for the change; a journal that stays is made again at the next start.
    await this.settleNow().catch(() => undefined);
  }

  /**
   * Empties the journal: everything that was committed before is stable in its own file when it returns.
   * @throws what a sync threw; `EIO` for good, for then nobody knows which bytes the disk has
   */
  async settleNow(): Promise<void> {
    this.#end();
    await this.#settleAll();
  }

  async #settleAll(): Promise<void> {
    while (this.#full.length > 0) await this.#settleFull();
  }

  /** On a disk with no room for a record deletes still work: with an empty journal, in the files themselves. */
  async #removeDirectly(changes: readonly FileChange[]): Promise<void> {
    await this.settleNow();
    for (const { path } of changes) await this.#place.durable.remove(path);
  }

  /** Empties the journal for good; true when it was used. What is committed later fails with `ABORTED`. */
  async close(): Promise<boolean> {
    clearTimeout(this.#idle);
    this.#closed = true;
    await this.settleNow();
    await this.#place.changes.close();
    return this.#inUse || this.#place.found.length > 0;
  }
}

function isFull(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes(errorCode(error) ?? "");
}
