import { Worker } from "node:worker_threads";
import type { ChangeMaker } from "./apply-changes.ts";
import type { FileChange } from "./journal-records.ts";

/**
 * What the thread runs: {@link applyChanges} with calls that wait, for lists of changes one after the other. As text, so that a
 * bundle needs no second file. A change is [path, temporary name, start and end of its content in `bytes`, its time in seconds or
 * nothing]; with a path alone the file goes. The answer has an item for each list: nothing, or what went wrong.
 */
const PROGRAM = `
const { parentPort } = require("node:worker_threads");
const { closeSync, constants, futimesSync, mkdirSync, openSync, renameSync, unlinkSync, writeSync } = require("node:fs");
const { dirname } = require("node:path");
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const TRIES = 10;

function remove(path) {
  try {
    unlinkSync(path);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
}

function stage(temporary, bytes, time) {
  const file = openSync(temporary, CREATE, 0o600);
  try {
    for (let at = 0; at < bytes.byteLength; ) at += writeSync(file, bytes, at);
    if (time !== undefined) futimesSync(file, time, time);
  } finally {
    closeSync(file);
  }
}

// Not recursively by Node, which tries for ever where nothing can be made, as in /proc.
function makeFolder(path) {
  try {
    mkdirSync(path, 0o700);
  } catch (error) {
    if (error.code === "EEXIST") return;
    if (error.code !== "ENOENT" || dirname(path) === path) throw error;
    makeFolder(dirname(path));
    mkdirSync(path, 0o700);
  }
}

function place(temporary, path) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return renameSync(temporary, path);
    } catch (error) {
      // Another task may take the empty folder away at any moment.
      if (error.code !== "ENOENT" || attempt === TRIES) throw error;
      unlessTaken(() => makeFolder(dirname(path)));
    }
  }
}

function unlessTaken(work) {
  try {
    work();
  } catch (error) {
    // Somebody takes the folders above away just now: the next attempt makes them again.
    if (error.code !== "ENOENT" && error.code !== "EEXIST") throw error;
  }
}

function make(changes, bytes) {
  let made = 0;
  try {
    for (const [, temporary, start, end, time] of changes) {
      if (temporary !== undefined) stage(temporary, bytes.subarray(start, end), time);
    }
    for (const [path, temporary] of changes) {
      if (temporary === undefined) remove(path);
      else place(temporary, path);
      made += 1;
    }
  } catch (error) {
    for (const [, temporary] of changes.slice(made)) {
      try {
        if (temporary !== undefined) remove(temporary);
      } catch {
        // The next start empties the folder for temporary files.
      }
    }
    return { message: String(error && error.message), code: error && error.code };
  }
}

parentPort.on("message", ({ lists, bytes }) => parentPort.postMessage(lists.map((changes) => make(changes, bytes))));
`;

type Item = readonly [path: string, temporary?: string, start?: number, end?: number, time?: number | undefined];

interface Waiting {
  readonly changes: readonly FileChange[];
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Makes changes in a thread of its own, so that the disk never holds up who answers requests: what many tasks want goes there and
 * back in one message, where each small operation by itself would cost a trip of its own, most of what a manifest costs.
 */
export class ChangeThread implements ChangeMaker {
  readonly #temporaryName: () => string;
  #worker: Worker | undefined;
  #waiting: Waiting[] = [];
  #working: Promise<void> | undefined;

  /** `temporaryName`: names that nobody else uses, in the file system of what is changed. */
  constructor(temporaryName: () => string) {
    this.#temporaryName = temporaryName;
  }

  make(changes: readonly FileChange[]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ changes, done: resolve, failed: reject });
    this.#working ??= this.#work();
    return promise;
  }

  /** What comes while the thread is at work goes there together, next. */
  async #work(): Promise<void> {
    // What is asked for in the same moment goes together, too.
    await undefined;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        const failures = await this.#ask(batch);
        for (const [index, { done, failed }] of batch.entries()) {
          const failure = failures[index];
          if (failure === undefined) done();
          else failed(Object.assign(new Error(failure.message), failure.code === undefined ? {} : { code: failure.code }));
        }
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    this.#working = undefined;
  }

  async #ask(batch: readonly Waiting[]): Promise<readonly (Failure | undefined)[]> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const { promise, resolve, reject } = Promise.withResolvers<readonly (Failure | undefined)[]>();
    const broken = (error: unknown): void =>
      reject(error instanceof Error ? error : new Error("The thread that writes small files has ended"));
    worker.once("message", resolve).once("error", broken).once("exit", broken);
    // It keeps the process alive only while it is at work.
    worker.ref();
    const message = this.#message(batch);
    worker.postMessage(message, [message.bytes.buffer]);
    try {
      return await promise;
    } finally {
      worker.off("message", resolve).off("error", broken).off("exit", broken);
      worker.unref();
    }
  }

  #start(): Worker {
    const worker = new Worker(PROGRAM, { eval: true, resourceLimits: { maxYoungGenerationSizeMb: 1 } });
    // Who waits for it is told; whoever comes next has a new one.
    worker
      .on("error", () => undefined)
      .on("exit", () => {
        if (this.#worker === worker) this.#worker = undefined;
      });
    return worker;
  }

  /** All contents in one piece of memory, which is handed over and not copied again. */
  #message(batch: readonly Waiting[]): { lists: readonly Item[][]; bytes: Uint8Array<ArrayBuffer> } {
    let size = 0;
    for (const { changes } of batch) for (const { bytes } of changes) size += bytes?.byteLength ?? 0;
    const all = new Uint8Array(new ArrayBuffer(size));
    let end = 0;
    const item = ({ path, bytes, changedAt }: FileChange): Item => {
      if (bytes === undefined) return [path];
      const start = end;
      all.set(bytes, start);
      end += bytes.byteLength;
      return [path, this.#temporaryName(), start, end, changedAt === undefined ? undefined : changedAt / 1000];
    };
    return { lists: batch.map(({ changes }) => changes.map(item)), bytes: all };
  }

  async close(): Promise<void> {
    await this.#working;
    await this.#worker?.terminate();
    this.#worker = undefined;
  }
}

interface Failure {
  readonly message: string;
  readonly code?: string;
}
