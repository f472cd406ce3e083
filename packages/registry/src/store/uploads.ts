import { randomBytes } from "node:crypto";
import { type Digest, type DigestAlgorithm, digestAlgorithm, Hasher } from "@skerry/oci";
import { BatchWriter } from "./batch-writer.ts";
import type { Feed } from "./feed.ts";
import type { OpenFile } from "./open-file.ts";
import { Pieces } from "./pieces.ts";
import type { RegistryStore } from "./store.ts";

const REHASH_BYTES = 1024 * 1024;

/** What is kept on disk of a session, so that it continues after a restart. */
interface SavedUpload {
  readonly repository: string;
  readonly user: string;
  readonly expiresAt: number;
}

/** One upload: bytes arrive in order, in one or many requests, one request at a time. */
export class Upload {
  readonly id: string;
  readonly repository: string;
  readonly user: string;
  /** Milliseconds since 1970; moved on by every request. */
  expiresAt: number;
  /** Bytes that are written. */
  offset = 0;
  /** True while a request is at work on it. */
  busy = false;
  /** True once it can be found on disk. */
  saved = false;
  file: OpenFile | undefined;
  /** Over the bytes up to `offset`; missing after a restart or a failed write, when the file is read again at the end. */
  hasher: Hasher | undefined;
  readonly algorithm: DigestAlgorithm;

  constructor(id: string, saved: SavedUpload, algorithm: DigestAlgorithm) {
    this.id = id;
    this.repository = saved.repository;
    this.user = saved.user;
    this.expiresAt = saved.expiresAt;
    this.algorithm = algorithm;
    this.hasher = new Hasher(algorithm);
  }
}

/** Sessions of uploads. The identifier is 128 random bits, bound to user and repository. */
export class Uploads {
  readonly #store: RegistryStore;
  readonly #lifeMs: number;
  readonly #open = new Map<string, Upload>();
  readonly #pieces: Pieces;

  constructor(store: RegistryStore, lifeMs: number, pieces: Pieces = new Pieces()) {
    this.#pieces = pieces;
    this.#store = store;
    this.#lifeMs = lifeMs;
  }

  /** How many sessions this process knows of, of one user or in all. */
  count(user?: string): number {
    if (user === undefined) return this.#open.size;
    let count = 0;
    for (const upload of this.#open.values()) if (upload.user === user) count += 1;
    return count;
  }

  /** Nothing is written before the first byte arrives. */
  begin(repository: string, user: string, algorithm: DigestAlgorithm = "sha256"): Upload {
    const id = randomBytes(16).toString("hex");
    const upload = new Upload(id, { repository, user, expiresAt: this.#store.now() + this.#lifeMs }, algorithm);
    this.#open.set(id, upload);
    return upload;
  }

  /** The session, if it is this user's, in this repository, and has not run out. */
  async find(id: string, repository: string, user: string): Promise<Upload | undefined> {
    if (!/^[0-9a-f]{32}$/.test(id)) return undefined;
    const upload = this.#open.get(id) ?? (await this.#load(id));
    if (upload === undefined || upload.repository !== repository || upload.user !== user) return undefined;
    if (upload.expiresAt > this.#store.now()) return upload;
    if (!upload.busy) await this.drop(upload);
    return undefined;
  }

  async #load(id: string): Promise<Upload | undefined> {
    const bytes = await this.#store.durable.files.read(this.#store.layout.uploadState(id));
    const known = this.#open.get(id);
    if (bytes === undefined || known !== undefined) return known;
    const saved = JSON.parse(new TextDecoder().decode(bytes)) as SavedUpload;
    const upload = new Upload(id, saved, "sha256");
    const facts = await this.#store.durable.files.facts(this.#store.layout.uploadData(id));
    if (facts !== undefined && facts.size > 0) {
      upload.offset = facts.size;
      upload.hasher = undefined;
    }
    upload.saved = true;
    const meanwhile = this.#open.get(id);
    if (meanwhile !== undefined) return meanwhile;
    this.#open.set(id, upload);
    return upload;
  }

  /** Notes on disk to whom the session belongs. Losing it in a power cut costs the client a new start, so it is not synced. */
  async save(upload: Upload): Promise<void> {
    upload.expiresAt = this.#store.now() + this.#lifeMs;
    if (upload.saved) return;
    const { repository, user, expiresAt } = upload;
    const file = await this.#store.durable.files.open(this.#store.layout.uploadState(upload.id), "update");
    try {
      await file.write([new TextEncoder().encode(JSON.stringify({ repository, user, expiresAt }))], 0);
    } finally {
      await file.close();
    }
    upload.saved = true;
  }

  /**
   * Appends a body, hashing on the way, with one batch being written while the next one arrives. After a failure `offset`
   * says what is written for sure.
   */
  async append(upload: Upload, body: Feed): Promise<void> {
    const written = (position: number): void => {
      upload.offset = position;
    };
    const seen = (bytes: Uint8Array): void => upload.hasher?.update(bytes);
    const writer = new BatchWriter(await this.#file(upload), upload.offset, { pieces: this.#pieces, seen, written });
    let whole = false;
    try {
      await body((chunk) => writer.add(chunk));
      whole = true;
    } finally {
      await this.#end(upload, writer, whole);
    }
  }

  /** Also of a body that broke off what came is written: it need not be sent again. */
  async #end(upload: Upload, writer: BatchWriter, whole: boolean): Promise<void> {
    try {
      await writer.end();
    } catch (error) {
      upload.hasher = undefined;
      await upload.file?.truncate(upload.offset).catch(() => undefined);
      if (whole) throw error;
    }
  }

  async #file(upload: Upload): Promise<OpenFile> {
    if (upload.file === undefined) {
      upload.file = await this.#store.durable.files.open(this.#store.layout.uploadData(upload.id), "update");
    }
    return upload.file;
  }

  /** Ends the session and makes its content a blob of the repository, or returns the digest it has when that is not `digest`. */
  async commit(upload: Upload, digest: Digest): Promise<Digest | undefined> {
    const file = await this.#file(upload);
    const [got] = await Promise.all([this.#digest(upload, file, digestAlgorithm(digest)), file.sync()]);
    if (got !== digest) {
      await this.drop(upload);
      return got;
    }
    const { file: done } = upload;
    upload.file = undefined;
    // Nobody waits for the descriptor to be freed.
    done?.close().catch(() => undefined);
    await this.#store.addBlob(upload.repository, digest, this.#store.layout.uploadData(upload.id));
    await this.#forget(upload);
    return undefined;
  }

  async #digest(upload: Upload, file: OpenFile, algorithm: DigestAlgorithm): Promise<Digest> {
    if (upload.hasher !== undefined && upload.algorithm === algorithm) return upload.hasher.digest();
    const hasher = new Hasher(algorithm);
    const buffer = Buffer.allocUnsafe(REHASH_BYTES);
    while (hasher.size < upload.offset) {
      const got = await file.read(buffer.subarray(0, Math.min(buffer.length, upload.offset - hasher.size)), hasher.size);
      if (got === 0) break;
      hasher.update(buffer.subarray(0, got));
    }
    return hasher.digest();
  }

  /** Ends the session and leaves no trace. */
  async drop(upload: Upload): Promise<void> {
    await this.#close(upload);
    await this.#store.durable.files.remove(this.#store.layout.uploadData(upload.id));
    await this.#forget(upload);
  }

  async #forget(upload: Upload): Promise<void> {
    this.#open.delete(upload.id);
    if (upload.saved) await this.#store.durable.files.remove(this.#store.layout.uploadState(upload.id));
  }

  async #close(upload: Upload): Promise<void> {
    const { file } = upload;
    upload.file = undefined;
    await file?.close();
  }

  /** Closes every file and leaves the sessions on disk for the next process. No request is at work any more. */
  async park(): Promise<void> {
    for (const upload of this.#open.values()) {
      if (upload.offset > 0) await this.save(upload);
      await this.#close(upload);
    }
    this.#open.clear();
  }

  /** Removes sessions that have run out, in memory and on disk. Returns how many. */
  async removeAbandoned(): Promise<number> {
    const now = this.#store.now();
    let removed = 0;
    for (const upload of this.#open.values()) {
      if (upload.busy || upload.expiresAt > now) continue;
      await this.drop(upload);
      removed += 1;
    }
    for (const name of await this.#store.durable.files.list(this.#store.layout.uploads)) {
      const id = name.slice(0, 32);
      if (this.#open.has(id)) continue;
      const facts = await this.#store.durable.files.facts(this.#store.layout.uploadData(id));
      if (facts !== undefined && now - facts.changedAt < this.#lifeMs) continue;
      if (this.#open.has(id)) continue;
      await this.#store.durable.files.remove(this.#store.layout.uploadData(id));
      await this.#store.durable.files.remove(this.#store.layout.uploadState(id));
      removed += 1;
    }
    return removed;
  }
}
