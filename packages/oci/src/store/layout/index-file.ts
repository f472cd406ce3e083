import { readFile, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { OciError } from "../../errors.ts";
import type { Descriptor } from "../../model/descriptor.ts";
import { type Digest, isDigest } from "../../model/digest.ts";
import { MEDIA_TYPES } from "../../model/media-types.ts";
import { writeFileAtomic } from "../disk/atomic-file.ts";
import { diskError, errnoOf } from "../disk/errors.ts";
import { REF_NAME } from "./names.ts";

const MAX_INDEX_BYTES = 256 * 1024 * 1024;

/** One line of index.json; fields that this package does not know are kept. */
interface Entry {
  readonly descriptor: Descriptor;
  readonly name: string | undefined;
  readonly raw: Readonly<Record<string, unknown>>;
}

/** The images of a layout as index.json lists them, in memory, written back whole and atomically. Image-spec "image layout". */
export class IndexFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #top: Readonly<Record<string, unknown>>;
  readonly #named = new Map<string, Entry>();
  readonly #unnamed = new Map<Digest, Entry>();
  #changed: boolean;
  #scheduled: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();
  #lastCost = 0;

  private constructor(path: string, temporary: string, document: Readonly<Record<string, unknown>> | undefined) {
    this.#path = path;
    this.#temporary = temporary;
    this.#top = document ?? { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex };
    this.#changed = document === undefined;
    const manifests = this.#top["manifests"];
    if (!Array.isArray(manifests)) return;
    for (const raw of manifests) this.#add(entryOf(raw, path));
  }

  /**
   * Reads `index.json` of a layout; a missing one is an empty one.
   * @param temporary folder for the temporary file of a rewrite
   * @throws OciError `LAYOUT_INVALID`
   */
  static async open(path: string, temporary: string): Promise<IndexFile> {
    return new IndexFile(path, temporary, await readIndex(path));
  }

  /**
   * Takes in an `index.json` that lies elsewhere, as in an archive; it cannot be flushed.
   * @throws OciError `LAYOUT_INVALID`
   */
  static parse(text: string, path: string): IndexFile {
    return new IndexFile(path, "", parseIndex(text, path));
  }

  /** An index without images, for an archive to be written. */
  static empty(): IndexFile {
    return new IndexFile("", "", undefined);
  }

  /** The document as it is written. */
  bytes(): Uint8Array {
    return Buffer.from(JSON.stringify({ ...this.#top, manifests: this.#sorted().map((entry) => entry.raw) }));
  }

  /** The descriptor with this reference name. */
  byName(name: string): Descriptor | undefined {
    return this.#named.get(name)?.descriptor;
  }

  /** Any entry with this digest. */
  byDigest(digest: Digest): Descriptor | undefined {
    const unnamed = this.#unnamed.get(digest)?.descriptor;
    if (unnamed !== undefined) return unnamed;
    for (const { descriptor } of this.#named.values()) if (descriptor.digest === digest) return descriptor;
    return undefined;
  }

  /** All entries with their names, in the order in which they are written. */
  list(): { readonly name: string | undefined; readonly descriptor: Descriptor }[] {
    return this.#sorted().map(({ name, descriptor }) => ({ name, descriptor }));
  }

  /** Gives the name to a descriptor, and takes it from another one that had it. */
  setName(name: string, descriptor: Descriptor): void {
    const before = this.#named.get(name);
    if (before?.descriptor.digest === descriptor.digest) return;
    this.#unnamed.delete(descriptor.digest);
    this.#named.set(name, entryFor(descriptor, name));
    this.#changed = true;
  }

  /** Lists a manifest that has no name, so that nobody takes it for garbage. */
  addUnnamed(descriptor: Descriptor): void {
    if (this.#unnamed.has(descriptor.digest)) return;
    this.#unnamed.set(descriptor.digest, entryFor(descriptor, undefined));
    this.#changed = true;
  }

  /** Takes a manifest from the list that a parent now holds. */
  dropUnnamed(digest: Digest): void {
    if (this.#unnamed.delete(digest)) this.#changed = true;
  }

  /** Removes a name; true when it was there. */
  dropName(name: string): boolean {
    const gone = this.#named.delete(name);
    this.#changed ||= gone;
    return gone;
  }

  /** Removes every entry of a digest. */
  dropDigest(digest: Digest): void {
    this.dropUnnamed(digest);
    for (const [name, entry] of this.#named) if (entry.descriptor.digest === digest) this.dropName(name);
  }

  /**
   * Writes what changed. Callers that arrive while one write runs share the next; the pause before it grows with what the
   * last one cost, so that thousands of names do not mean thousands of rewrites back to back.
   * @param now without a pause
   */
  flush(now = false): Promise<void> {
    if (!this.#changed) return this.#running;
    if (now) return this.#run(0);
    this.#scheduled ??= this.#run(Math.min(250, 3 * this.#lastCost));
    return this.#scheduled;
  }

  async #run(pause: number): Promise<void> {
    if (pause > 0) await sleep(pause);
    await this.#running.catch(() => undefined);
    this.#scheduled = undefined;
    this.#running = this.#write();
    return this.#running;
  }

  async #write(): Promise<void> {
    if (!this.#changed) return;
    this.#changed = false;
    const started = performance.now();
    try {
      await writeFileAtomic(this.#path, this.bytes(), { folder: this.#temporary });
    } catch (error) {
      this.#changed = true;
      throw diskError(error, "write index.json", this.#path);
    }
    this.#lastCost = performance.now() - started;
  }

  #add(entry: Entry): void {
    if (entry.name === undefined) this.#unnamed.set(entry.descriptor.digest, entry);
    else this.#named.set(entry.name, entry);
  }

  #sorted(): Entry[] {
    const entries = [...this.#named.values(), ...this.#unnamed.values()];
    return entries.sort((a, b) => compare(a.name ?? "", b.name ?? "") || compare(a.descriptor.digest, b.descriptor.digest));
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function readIndex(path: string): Promise<Record<string, unknown> | undefined> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > MAX_INDEX_BYTES) throw invalid(path, `it has ${size} bytes, at most ${MAX_INDEX_BYTES} are read`);
    text = await readFile(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw diskError(error, "read index.json", path);
  }
  return parseIndex(text, path);
}

function parseIndex(text: string, path: string): Record<string, unknown> {
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document === "object" && document !== null && !Array.isArray(document)) return document as Record<string, unknown>;
  } catch (cause) {
    throw invalid(path, "it is not JSON", cause);
  }
  throw invalid(path, "it is not a JSON object");
}

function entryOf(raw: unknown, path: string): Entry {
  if (typeof raw !== "object" || raw === null) throw invalid(path, "an entry of manifests is not an object");
  const { mediaType, digest, size, annotations, artifactType } = raw as Record<string, unknown>;
  if (typeof digest !== "string" || !isDigest(digest)) throw invalid(path, "an entry of manifests has no digest");
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) throw invalid(path, `the entry of ${digest} has no size`);
  const texts = textMap(annotations);
  const name = texts.get(REF_NAME);
  texts.delete(REF_NAME);
  const descriptor: Descriptor = {
    mediaType: typeof mediaType === "string" ? mediaType : "",
    digest,
    size,
    ...(texts.size === 0 ? {} : { annotations: plain(texts) }),
    ...(typeof artifactType === "string" ? { artifactType } : {}),
  };
  return { descriptor, name: name === "" ? undefined : name, raw: raw as Record<string, unknown> };
}

function entryFor(descriptor: Descriptor, name: string | undefined): Entry {
  const { mediaType, digest, size, artifactType } = descriptor;
  const raw = {
    mediaType,
    digest,
    size,
    ...(name === undefined ? {} : { annotations: { [REF_NAME]: name } }),
    ...(artifactType === undefined ? {} : { artifactType }),
  };
  return { descriptor: { mediaType, digest, size, ...(artifactType === undefined ? {} : { artifactType }) }, name, raw };
}

function textMap(value: unknown): Map<string, string> {
  const map = new Map<string, string>();
  if (typeof value !== "object" || value === null) return map;
  for (const [key, text] of Object.entries(value)) if (typeof text === "string") map.set(key, text);
  return map;
}

function plain(map: ReadonlyMap<string, string>): Record<string, string> {
  const record = Object.create(null) as Record<string, string>;
  for (const [key, text] of map) record[key] = text;
  return record;
}

function invalid(path: string, why: string, cause?: unknown): OciError {
  return new OciError({
    code: "LAYOUT_INVALID",
    message: `Cannot read ${path}: ${why}`,
    subject: path,
    ...(cause === undefined ? {} : { cause }),
  });
}
