import { Worker } from "node:worker_threads";
import { OciError } from "../errors.ts";

/**
 * What the thread runs: it reads stretches of files and hashes them. As text, so that a bundle needs no second file; it
 * touches nothing but the paths that it is told.
 */
const PROGRAM = `
const { parentPort } = require("node:worker_threads");
const { openSync, readSync, closeSync } = require("node:fs");
const { createHash } = require("node:crypto");
const buffer = Buffer.allocUnsafe(1024 * 1024);
let hash = createHash("sha256");
parentPort.on("message", ({ path, position, length }) => {
  try {
    if (path === undefined) {
      const digest = hash.digest("hex");
      hash = createHash("sha256");
      parentPort.postMessage({ digest });
      return;
    }
    const file = openSync(path, "r");
    let left = length;
    try {
      while (left > 0) {
        const read = readSync(file, buffer, 0, Math.min(left, buffer.byteLength), position + length - left);
        if (read === 0) break;
        hash.update(buffer.subarray(0, read));
        left -= read;
      }
    } finally {
      closeSync(file);
    }
    parentPort.postMessage({ read: length - left });
  } catch (error) {
    parentPort.postMessage({ failure: String(error && error.message) });
  }
});
`;

interface Answer {
  readonly digest?: string;
  readonly read?: number;
  readonly failure?: string;
}

/** SHA-256 of stretches of files, one after the other, in a thread of its own: the one that copies is busy with hashes of its own. */
export class HashThread {
  #worker: Worker | undefined;

  /** Adds a stretch; returns how many bytes of it there were. @throws OciError `IO_FAILED` */
  async add(path: string, position: number, length: number): Promise<number> {
    return (await this.#ask({ path, position, length })).read ?? 0;
  }

  /** The hash in hex; the next stretch begins a new one. */
  async digest(): Promise<string> {
    return (await this.#ask({})).digest ?? "";
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  #ask(question: object): Promise<Answer> {
    this.#worker ??= new Worker(PROGRAM, { eval: true });
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      const failed = (message: string): void =>
        reject(new OciError({ code: "IO_FAILED", message: `Cannot hash the archive's volumes: ${message}` }));
      const end = (): void => {
        worker.off("message", answered);
        worker.off("error", broken);
      };
      function answered(answer: Answer): void {
        end();
        if (answer.failure === undefined) resolve(answer);
        else failed(answer.failure);
      }
      function broken(error: unknown): void {
        end();
        failed(error instanceof Error ? error.message : String(error));
      }
      worker.on("message", answered);
      worker.on("error", broken);
      worker.postMessage(question);
    });
  }
}
