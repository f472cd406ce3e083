import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { CatalogError } from "../errors.ts";
import type { TarMember } from "../tar/write.ts";
import type { CatalogFile } from "../types.ts";
import { byBytes } from "../write/go-json.ts";
import { onDisk } from "./io-failure.ts";
import { layerPath } from "./layer-path.ts";

/** Files of unknown length on their way into a tar file, which wants lengths first and paths sorted. */
export class Spool {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #files = new Map<string, { offset: number; size: number }>();
  #end = 0;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** An empty spool in a private directory. */
  static async open(workdir: string): Promise<Spool> {
    await mkdir(workdir, { recursive: true, mode: 0o700 });
    const path = join(workdir, `.spool-${randomUUID()}`);
    return new Spool(path, await open(path, "wx", 0o600));
  }

  /**
   * Appends one file.
   * @throws CatalogError `PATH_UNSAFE` for a path that leaves the catalog or is there already
   */
  async add(file: CatalogFile): Promise<void> {
    const path = layerPath(file.path);
    if (path === undefined || path === "" || path !== file.path || this.#files.has(path)) {
      throw new CatalogError({
        code: "PATH_UNSAFE",
        message: `Cannot put ${JSON.stringify(file.path)} into a catalog: ${this.#files.has(file.path) ? "there are two files of this name" : "the path would leave it"}`,
        subject: file.path,
      });
    }
    const offset = this.#end;
    for await (const chunk of file.content) {
      await onDisk({ action: "write", path: this.#path }, () => this.#file.write(chunk, 0, chunk.byteLength, this.#end));
      this.#end += chunk.byteLength;
    }
    this.#files.set(path, { offset, size: this.#end - offset });
  }

  /** Bytes of all files. */
  get bytes(): number {
    return this.#end;
  }

  /** Every file and the directories above them, below `root`, sorted as a tree is walked. */
  *members(root: string): Generator<TarMember> {
    const directories = new Set<string>();
    for (const path of [...this.#files.keys()].sort(byBytes)) {
      const whole = `${root}/${path}`;
      for (let slash = whole.indexOf("/"); slash >= 0; slash = whole.indexOf("/", slash + 1)) {
        const directory = whole.slice(0, slash + 1);
        if (!directories.has(directory)) yield { path: directory, size: 0 };
        directories.add(directory);
      }
      const { offset, size } = this.#files.get(path) ?? { offset: 0, size: 0 };
      yield { path: whole, size, content: this.#content(offset, size) };
    }
    if (this.#files.size === 0) yield { path: `${root}/`, size: 0 };
  }

  /** Removes the spool. */
  async close(): Promise<void> {
    await this.#file.close();
    await rm(this.#path, { force: true });
  }

  async *#content(offset: number, size: number): AsyncGenerator<Uint8Array> {
    if (size === 0) return;
    for await (const chunk of createReadStream(this.#path, { start: offset, end: offset + size - 1, highWaterMark: 262_144 })) {
      yield chunk as Uint8Array;
    }
  }
}
