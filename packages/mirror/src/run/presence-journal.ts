import { mkdir, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type Asked, type Digest, isDigest, type PresenceRecord, type RootRecord, rootCovers } from "@skerry/oci";

/** Lines that are written together at the latest. */
const BATCH = 256;

/**
 * What earlier runs put at a target, as an append-only file of JSON lines: a killed run loses at most the lines of its last
 * moment, and the next run looks at those things again.
 */
export class PresenceJournal implements PresenceRecord, AsyncDisposable {
  readonly #path: string;
  readonly #blobs = new Map<string, Set<string>>();
  readonly #roots = new Map<string, RootRecord[]>();
  #waiting: string[] = [];
  #writing: Promise<void> = Promise.resolve();
  #torn = false;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Reads a journal; a missing one is empty, a torn line is passed over. */
  static async open(path: string): Promise<PresenceJournal> {
    const journal = new PresenceJournal(path);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const text = await readFile(path, "utf8").catch(() => "");
    for (const line of text.split("\n")) if (line !== "") journal.#read(line);
    journal.#torn = text !== "" && !text.endsWith("\n");
    return journal;
  }

  hasBlob(_target: string, repository: string, digest: Digest): boolean {
    return this.#blobs.get(digest)?.has(repository) === true;
  }

  holder(_target: string, digest: Digest): string | undefined {
    return this.#blobs.get(digest)?.values().next().value;
  }

  covers(_target: string, repository: string, asked: Asked): boolean {
    return (this.#roots.get(`${repository}@${asked.digest}`) ?? []).some((record) => rootCovers(record, asked));
  }

  addBlob(_target: string, repository: string, digest: Digest): void {
    if (this.#keepBlob(repository, digest)) this.#append({ blob: digest, in: repository });
  }

  addRoot(_target: string, repository: string, root: RootRecord): void {
    if (this.#keepRoot(repository, root)) this.#append({ root, in: repository });
  }

  async flush(): Promise<void> {
    const lines = this.#waiting;
    this.#waiting = [];
    if (lines.length > 0) {
      this.#writing = this.#writing.then(async () => {
        const file = await open(this.#path, "a", 0o600);
        try {
          await file.writeFile(`${this.#torn ? "\n" : ""}${lines.join("\n")}\n`);
          this.#torn = false;
          await file.datasync();
        } finally {
          await file.close();
        }
      });
    }
    await this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
  }

  #append(line: object): void {
    this.#waiting.push(JSON.stringify(line));
    // A failure to write shows at the flush that every run ends with.
    if (this.#waiting.length >= BATCH) this.flush().catch(() => undefined);
  }

  #read(line: string): void {
    try {
      const value = JSON.parse(line) as { blob?: unknown; root?: unknown; in?: unknown };
      if (typeof value.in !== "string") return;
      if (typeof value.blob === "string" && isDigest(value.blob)) this.#keepBlob(value.in, value.blob);
      else if (isRootRecord(value.root)) this.#keepRoot(value.in, value.root);
    } catch {
      // The line that a killed run was writing.
    }
  }

  #keepBlob(repository: string, digest: Digest): boolean {
    const repositories = this.#blobs.get(digest) ?? new Set<string>();
    this.#blobs.set(digest, repositories);
    if (repositories.has(repository)) return false;
    repositories.add(repository);
    return true;
  }

  #keepRoot(repository: string, root: RootRecord): boolean {
    const key = `${repository}@${root.digest}`;
    const records = this.#roots.get(key) ?? [];
    this.#roots.set(key, records);
    const text = JSON.stringify(root);
    if (records.some((record) => JSON.stringify(record) === text)) return false;
    records.push(root);
    return true;
  }
}

function isRootRecord(value: unknown): value is RootRecord {
  if (typeof value !== "object" || value === null) return false;
  const { digest, manifests, skipped, referrers } = value as Record<string, unknown>;
  return (
    typeof digest === "string" &&
    isDigest(digest) &&
    Array.isArray(manifests) &&
    Array.isArray(skipped) &&
    (referrers === "all" || referrers === "none")
  );
}
