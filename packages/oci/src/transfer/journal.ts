import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { type Digest, isDigest } from "../model/digest.ts";
import type { Platform } from "../model/platform.ts";
import { diskError, errnoOf } from "../store/disk/errors.ts";
import { type Asked, type PresenceRecord, type RootRecord, rootCovers } from "./presence.ts";

/** Lines longer than this are not ours. */
const MAX_LINE = 16 * 1024 * 1024;

/**
 * Milliseconds of work that a power cut may take from the record. What is written is safe from a kill; a sync for each blob would
 * cost as much as the rest of a small copy.
 */
const SYNC_MS = 1000;

/**
 * What is known about one target. By digest and not by repository: most content is in one repository, most repositories hold
 * little, and a set for each of five thousand costs more than what is in it.
 */
interface Held {
  /** The repositories of a blob: one alone, or several, the one that had it first before the others. */
  readonly blobs: Map<Digest, string | Set<string>>;
  readonly roots: Map<Digest, readonly PlacedRoot[]>;
}

interface PlacedRoot {
  readonly repository: string;
  readonly record: RootRecord;
}

/** Shared: most images leave no platform out. */
const NO_PLATFORMS: readonly Platform[] = [];

/** A {@link PresenceRecord} in a file. */
export interface Journal extends PresenceRecord, AsyncDisposable {
  close(): Promise<void>;
}

export interface JournalOptions {
  /** The same digest as the caller holds it, if it does: then a text of seventy letters is in memory once. */
  readonly share?: ((digest: Digest) => Digest) | undefined;
}

/**
 * Opens the append-only record of what was put where. One JSON object a line, synced each second; a line that a killed
 * process left unfinished is cut off. Deleting the file costs only time: everything is looked at again.
 * @throws OciError `IO_FAILED`, `NO_SPACE`
 */
export async function openJournal(path: string, options: JournalOptions = {}): Promise<Journal> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const contents = new Contents(options.share ?? ((digest) => digest));
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
  #isSynced = true;
  #syncedAt = performance.now();

  constructor(path: string, file: FileHandle, contents: Contents) {
    this.#path = path;
    this.#file = file;
    this.#contents = contents;
  }

  knows(target: string): boolean {
    return this.#contents.knows(target);
  }

  hasBlob(target: string, repository: string, digest: Digest): boolean {
    return this.#contents.hasBlob(target, repository, digest);
  }

  holder(target: string, digest: Digest): string | undefined {
    return this.#contents.holder(target, digest);
  }

  covers(target: string, repository: string, asked: Asked): boolean {
    const record = this.#contents.root(target, repository, asked.digest);
    return record !== undefined && rootCovers(record, asked);
  }

  addBlob(target: string, repository: string, digest: Digest): void {
    if (this.#contents.addBlob(target, repository, digest)) this.#append({ target, repository, blob: digest });
  }

  addRoot(target: string, repository: string, root: RootRecord): void {
    if (this.#contents.addRoot(target, repository, root)) this.#append({ target, repository, root });
  }

  async flush(): Promise<void> {
    while (this.#writing !== undefined || (!this.#isSynced && this.#failure === undefined)) {
      this.#writing ??= this.#write({ sync: true });
      await this.#writing;
    }
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
    this.#writing ??= this.#write({ sync: false });
  }

  /** Writes batch after batch: what is added during one write goes with the next. */
  async #write({ sync }: { readonly sync: boolean }): Promise<void> {
    try {
      await Promise.resolve();
      for (;;) {
        if (this.#pending.length > 0) await this.#writePending();
        else if (!this.#isSynced && (sync || performance.now() - this.#syncedAt > SYNC_MS)) await this.#sync();
        else break;
      }
    } catch (error) {
      this.#failure ??= error;
    } finally {
      this.#writing = undefined;
    }
  }

  async #writePending(): Promise<void> {
    const batch = this.#pending.join("");
    this.#pending = [];
    this.#isSynced = false;
    await this.#file.appendFile(batch);
  }

  async #sync(): Promise<void> {
    this.#isSynced = true;
    await this.#file.datasync();
    this.#syncedAt = performance.now();
  }
}

/** The journal's lines as a whole. */
class Contents {
  readonly #targets = new Map<string, Held>();
  readonly #share: (digest: Digest) => Digest;
  /** A repository's name, once for all that it holds. */
  readonly #repositories = new Map<string, string>();

  constructor(share: (digest: Digest) => Digest) {
    this.#share = share;
  }

  knows(target: string): boolean {
    return this.#targets.has(target);
  }

  hasBlob(target: string, repository: string, digest: Digest): boolean {
    const at = this.#targets.get(target)?.blobs.get(digest);
    return typeof at === "string" ? at === repository : at?.has(repository) === true;
  }

  holder(target: string, digest: Digest): string | undefined {
    const at = this.#targets.get(target)?.blobs.get(digest);
    return typeof at === "string" ? at : at?.values().next().value;
  }

  root(target: string, repository: string, digest: Digest): RootRecord | undefined {
    return this.#targets
      .get(target)
      ?.roots.get(digest)
      ?.find((root) => root.repository === repository)?.record;
  }

  /** False when it was known. */
  addBlob(target: string, repository: string, digest: Digest): boolean {
    const { blobs } = this.#held(target);
    const at = blobs.get(digest);
    if (at === undefined) blobs.set(this.#share(digest), this.#sharedName(repository));
    else if (typeof at === "string") {
      if (at === repository) return false;
      blobs.set(digest, new Set([at, repository]));
    } else {
      if (at.has(repository)) return false;
      at.add(repository);
    }
    return true;
  }

  /** False when a record that covers the same was known. */
  addRoot(target: string, repository: string, record: RootRecord): boolean {
    const { roots } = this.#held(target);
    const before = roots.get(record.digest) ?? [];
    const known = before.find((root) => root.repository === repository);
    if (known !== undefined && JSON.stringify(known.record) === JSON.stringify(record)) return false;
    const digest = this.#share(record.digest);
    const manifests = record.manifests.map(this.#share);
    const skipped = record.skipped.length === 0 ? NO_PLATFORMS : record.skipped;
    const kept = { repository: this.#sharedName(repository), record: { ...record, digest, manifests, skipped } };
    roots.set(digest, [...before.filter((root) => root !== known), kept]);
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

  #sharedName(repository: string): string {
    const known = this.#repositories.get(repository);
    if (known === undefined) this.#repositories.set(repository, repository);
    return known ?? repository;
  }

  #held(target: string): Held {
    const known = this.#targets.get(target);
    if (known !== undefined) return known;
    const held: Held = { blobs: new Map(), roots: new Map() };
    this.#targets.set(target, held);
    return held;
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
