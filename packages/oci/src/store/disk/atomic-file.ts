import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf } from "./errors.ts";

export interface AtomicWriteOptions {
  /** Where the temporary file is made; it must be on the same file system. Default: beside the file. */
  readonly folder?: string;
  /** Default 0o644. */
  readonly mode?: number;
}

/**
 * Replaces a file so that a reader, or a machine that loses power, sees the old bytes or the new ones and nothing between:
 * exclusive temporary file, datasync, rename, fsync of the folder. `bytes` may come in pieces, made as they are written.
 */
export async function writeFileAtomic(
  path: string,
  bytes: Uint8Array | Iterable<Uint8Array>,
  options: AtomicWriteOptions = {},
): Promise<void> {
  const temporary = `${options.folder === undefined ? path : `${options.folder}/file`}.${randomBytes(8).toString("hex")}.tmp`;
  let renamed = false;
  try {
    const file = await open(temporary, "wx", options.mode ?? 0o644);
    try {
      await file.writeFile(bytes);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    renamed = true;
  } finally {
    if (!renamed) await rm(temporary, { force: true });
  }
  await syncFolder(dirname(path));
}

/** Makes renames inside a folder durable. File systems that cannot sync a folder (FAT through FUSE, network shares) are let be. */
export async function syncFolder(path: string): Promise<void> {
  let folder: FileHandle;
  try {
    folder = await open(path, "r");
  } catch (error) {
    if (errnoOf(error) === "EISDIR" || errnoOf(error) === "EPERM") return;
    throw error;
  }
  try {
    await folder.sync();
  } catch (error) {
    if (!["EINVAL", "EPERM", "ENOTSUP", "EISDIR"].includes(errnoOf(error) ?? "")) throw error;
  } finally {
    await folder.close();
  }
}

/** Syncs one folder for many callers: those who ask while a sync runs share the next one. */
export class FolderSync {
  readonly #path: string;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Resolves when every rename made before the call is durable. */
  sync(): Promise<void> {
    this.#next ??= (this.#running ?? Promise.resolve()).then(
      () => this.#run(),
      () => this.#run(),
    );
    return this.#next;
  }

  #run(): Promise<void> {
    this.#next = undefined;
    this.#running = syncFolder(this.#path);
    return this.#running;
  }
}
