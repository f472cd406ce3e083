import { type FileHandle, open, readFile, rm } from "node:fs/promises";
import { type Digest, isDigest } from "../model/digest.ts";
import { diskError, errnoOf } from "../store/disk/errors.ts";
import type { FinishedVolume } from "./volume-digests.ts";
import { isVolumeName } from "./volume-name.ts";

/** What an interrupted archive holds so far. */
export interface WrittenSoFar {
  readonly done: readonly Digest[];
  /** By number from 0. */
  readonly volumes: ReadonlyMap<number, FinishedVolume>;
}

/**
 * The record of an archive that is being written, beside its volumes: one JSON object a line, for each blob that is complete
 * and each volume that is finished. A line that a killed process left unfinished is passed over.
 */
export class WritingJournal {
  readonly #path: string;
  readonly #file: FileHandle;
  #pending: string[] = [];
  #writing: Promise<void> | undefined;
  #failure: unknown;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  static async open(path: string): Promise<WritingJournal> {
    try {
      const file = await open(path, "a", 0o600);
      // A torn last line must not swallow the next one.
      if ((await file.stat()).size > 0) await file.appendFile("\n");
      return new WritingJournal(path, file);
    } catch (error) {
      throw diskError(error, "open the archive's journal", path);
    }
  }

  /**
   * Waits until the line is handed over: a copy gives its slot back only then, so a killed process fetches again no more
   * blobs than had a slot.
   */
  async blob(digest: Digest): Promise<void> {
    this.#append({ blob: digest });
    await this.flush();
  }

  /** Waits until the line is on disk: a finished volume may be carried away. */
  async volume(index: number, volume: FinishedVolume): Promise<void> {
    this.#append({ index, volume });
    await this.flush();
    await this.#file.datasync().catch((error: unknown) => this.#failed(error));
  }

  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    if (this.#failure !== undefined) this.#failed(this.#failure);
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.#file.close();
    }
  }

  async remove(): Promise<void> {
    await this.close();
    await rm(this.#path, { force: true });
  }

  #append(line: object): void {
    this.#pending.push(`${JSON.stringify(line)}\n`);
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    try {
      await Promise.resolve();
      while (this.#pending.length > 0) {
        const batch = this.#pending.join("");
        this.#pending = [];
        await this.#file.appendFile(batch);
      }
    } catch (error) {
      this.#failure ??= error;
    } finally {
      this.#writing = undefined;
    }
  }

  #failed(error: unknown): never {
    throw diskError(error, "write the archive's journal", this.#path);
  }
}

/** Reads the journal of an interrupted archive; undefined where there is none. */
export async function readWritingJournal(path: string): Promise<WrittenSoFar | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw diskError(error, "read the archive's journal", path);
  }
  const done: Digest[] = [];
  const volumes = new Map<number, FinishedVolume>();
  for (const line of text.split("\n")) {
    const { blob, index, volume } = parsed(line);
    if (typeof blob === "string" && isDigest(blob)) done.push(blob);
    const finished = volumeFrom(volume);
    if (typeof index === "number" && finished !== undefined) volumes.set(index, finished);
  }
  return { done, volumes };
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line === "" ? "{}" : line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function volumeFrom(value: unknown): FinishedVolume | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { name, bytes, sha256 } = value as Record<string, unknown>;
  if (typeof name !== "string" || !isVolumeName(name) || typeof bytes !== "number" || typeof sha256 !== "string") return undefined;
  return { name, bytes, sha256 };
}
