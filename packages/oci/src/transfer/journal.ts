import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { type Digest, isDigest } from "../model/digest.ts";
import type { Platform } from "../model/platform.ts";
import { diskError, errnoOf } from "../store/disk/errors.ts";
import { type Asked, type PresenceRecord, type RootRecord, rootCovers } from "./presence.ts";

/** Lines longer than this are not ours. */
const MAX_LINE = 16 * 1024 * 1024;

/** What is known about one repository of one target. */
interface Shelf {
  readonly blobs: Set<Digest>;
  readonly roots: Map<Digest, RootRecord>;
}

/** A {@link PresenceRecord} in a file. */
export interface Journal extends PresenceRecord, AsyncDisposable {
  close(): Promise<void>;
}

/**
 * Opens the append-only record of what was put where. One JSON object a line, synced in batches; a line that a killed
 * process left unfinished is cut off. Deleting the file costs only time: everything is looked at again.
 * @throws OciError `IO_FAILED`, `NO_SPACE`
 */
export async function openJournal(path: string): Promise<Journal> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const contents = new Contents();
    const end = await readLines(path, (line) => contents.read(line));
    const file = await open(path, "a", 0o600);
    if ((await file.stat()).size > end) await file.truncate(end);
    return new FileJournal(path, file, contents);
  } catch (error) {
    throw diskError(error, "open the journal", path);
  }
}

class FileJournal implements Journal {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #contents: Contents;
  #pending: string[] = [];
  #writing: Promise<void> | undefined;
  #failure: unknown;

  constructor(path: string, file: FileHandle, contents: Contents) {
    this.#path = path;
    this.#file = file;
    this.#contents = contents;
  }

  hasBlob(target: string, repository: string, digest: Digest): boolean {
    return this.#contents.find(target, repository)?.blobs.has(digest) === true;
  }

  holder(target: string, digest: Digest): string | undefined {
    return this.#contents.holder(target, digest);
  }

  covers(target: string, repository: string, asked: Asked): boolean {
    const record = this.#contents.find(target, repository)?.roots.get(asked.digest);
    return record !== undefined && rootCovers(record, asked);
  }

  addBlob(target: string, repository: string, digest: Digest): void {
    if (this.#contents.addBlob(target, repository, digest)) this.#append({ target, repository, blob: digest });
  }

  addRoot(target: string, repository: string, root: RootRecord): void {
    if (this.#contents.addRoot(target, repository, root)) this.#append({ target, repository, root });
  }

  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    if (this.#failure !== undefined) throw diskError(this.#failure, "write the journal", this.#path);
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.#file.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #append(line: object): void {
    this.#pending.push(`${JSON.stringify(line)}\n`);
    this.#writing ??= this.#write();
  }

  /** Writes batch after batch: what is added during one write goes with the next. */
  async #write(): Promise<void> {
    try {
      await Promise.resolve();
      while (this.#pending.length > 0) {
        const batch = this.#pending.join("");
        this.#pending = [];
        await this.#file.appendFile(batch);
        await this.#file.datasync();
      }
    } catch (error) {
      this.#failure ??= error;
    } finally {
      this.#writing = undefined;
    }
  }
}

/** The journal's lines as a whole. */
class Contents {
  readonly #targets = new Map<string, { readonly shelves: Map<string, Shelf>; readonly holders: Map<Digest, string> }>();

  find(target: string, repository: string): Shelf | undefined {
    return this.#targets.get(target)?.shelves.get(repository);
  }

  holder(target: string, digest: Digest): string | undefined {
    return this.#targets.get(target)?.holders.get(digest);
  }

  /** False when it was known. */
  addBlob(target: string, repository: string, digest: Digest): boolean {
    const { shelf, holders } = this.#shelf(target, repository);
    if (shelf.blobs.has(digest)) return false;
    shelf.blobs.add(digest);
    if (!holders.has(digest)) holders.set(digest, repository);
    return true;
  }

  /** False when a record that covers the same was known. */
  addRoot(target: string, repository: string, root: RootRecord): boolean {
    const { shelf } = this.#shelf(target, repository);
    const before = shelf.roots.get(root.digest);
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(root)) return false;
    shelf.roots.set(root.digest, root);
    return true;
  }

  /** Takes in one line; what is not ours is passed over. */
  read(line: string): void {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return;
    }
    if (typeof value !== "object" || value === null) return;
    const { target, repository, blob, root } = value as Record<string, unknown>;
    if (typeof target !== "string" || typeof repository !== "string") return;
    if (typeof blob === "string" && isDigest(blob)) this.addBlob(target, repository, blob);
    const record = rootOf(root);
    if (record !== undefined) this.addRoot(target, repository, record);
  }

  #shelf(target: string, repository: string): { readonly shelf: Shelf; readonly holders: Map<Digest, string> } {
    const known = this.#targets.get(target) ?? { shelves: new Map<string, Shelf>(), holders: new Map<Digest, string>() };
    this.#targets.set(target, known);
    const shelf = known.shelves.get(repository) ?? { blobs: new Set<Digest>(), roots: new Map<Digest, RootRecord>() };
    known.shelves.set(repository, shelf);
    return { shelf, holders: known.holders };
  }
}

function rootOf(value: unknown): RootRecord | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { digest, manifests, skipped, referrers } = value as Record<string, unknown>;
  if (typeof digest !== "string" || !isDigest(digest) || !Array.isArray(manifests) || !Array.isArray(skipped)) return undefined;
  if (referrers !== "all" && referrers !== "none") return undefined;
  if (!manifests.every((item): item is Digest => typeof item === "string" && isDigest(item))) return undefined;
  if (!skipped.every(isPlatform)) return undefined;
  return { digest, manifests, skipped, referrers };
}

function isPlatform(value: unknown): value is Platform {
  if (typeof value !== "object" || value === null) return false;
  const { os, architecture } = value as Record<string, unknown>;
  return typeof os === "string" && typeof architecture === "string";
}

/** Reads whole lines and returns the offset after the last of them. */
async function readLines(path: string, onLine: (line: string) => void): Promise<number> {
  let end = 0;
  let rest = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
      let buffer = rest.byteLength === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
      for (let newline = buffer.indexOf(10); newline >= 0; newline = buffer.indexOf(10)) {
        onLine(buffer.toString("utf8", 0, newline));
        buffer = buffer.subarray(newline + 1);
        end += newline + 1;
      }
      if (buffer.byteLength > MAX_LINE) throw new Error("a line of the journal never ends");
      rest = Buffer.from(buffer);
    }
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
  return end;
}
