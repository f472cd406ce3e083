import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { errorCode, type FileSystem } from "./files.ts";

const RENAME_TRIES = 10;

/**
 * Writes that survive a power cut once they have returned: temporary name, sync of the file, rename, sync of the folder.
 * Syncs of one folder that are asked for while one is running share the next one.
 */
export class Durable {
  readonly files: FileSystem;
  readonly #temporary: string;
  #temporaryFiles = 0;
  readonly #syncs = new Map<string, { readonly running: Promise<void>; next?: Promise<void> }>();
  /** Folders that are made but whose own entry is not stable yet. */
  readonly #unstable = new Map<string, Promise<void>>();

  constructor(files: FileSystem, temporary: string) {
    this.files = files;
    // Random once: a folder that another process left unfinished work in may hold any of the earlier names.
    this.#temporary = join(temporary, randomBytes(8).toString("hex"));
  }

  /** A name in the folder for temporary files that nobody else uses. */
  temporaryName(): string {
    this.#temporaryFiles += 1;
    return `${this.#temporary}-${this.#temporaryFiles}`;
  }

  /** Puts a small file in its place, replacing what was there, and makes the entry stable. */
  async write(path: string, bytes: Uint8Array): Promise<void> {
    await this.place(await this.stage(bytes), path);
  }

  /** Writes a temporary file whose bytes are stable; returns its path for {@link place}. */
  async stage(bytes: Uint8Array): Promise<string> {
    const temporary = this.temporaryName();
    const file = await this.files.open(temporary, "create");
    try {
      await file.write([bytes], 0);
      await file.sync();
    } catch (error) {
      await this.files.remove(temporary);
      throw error;
    } finally {
      await file.close();
    }
    return temporary;
  }

  /** Moves a file whose bytes are stable to its place and makes the entry stable. The temporary file is gone when it fails. */
  async place(temporary: string, path: string): Promise<void> {
    try {
      await this.inFolder(dirname(path), () => this.files.rename(temporary, path));
    } catch (error) {
      await this.files.remove(temporary);
      throw error;
    }
    await this.#settle(dirname(path));
  }

  /**
   * Moves a file whose bytes are stable to its place and makes an empty file elsewhere; both entries are stable when it
   * returns. The marks of the two are not ordered.
   */
  async placeAndMark(temporary: string, path: string, mark: string): Promise<void> {
    try {
      await this.inFolder(dirname(path), () => this.files.rename(temporary, path));
    } catch (error) {
      await this.files.remove(temporary);
      throw error;
    }
    await Promise.all([this.#settle(dirname(path)), this.mark(mark)]);
  }

  /** Makes an empty file. */
  async mark(path: string): Promise<void> {
    await this.inFolder(dirname(path), async () => {
      const file = await this.files.open(path, "update");
      await file.close();
    });
    await this.#settle(dirname(path));
  }

  /** Removes a file; false when there was none. */
  async remove(path: string): Promise<boolean> {
    const removed = await this.files.remove(path);
    if (removed) await this.#syncIfThere(dirname(path));
    return removed;
  }

  /** Makes a folder and those above it, each of them stable. */
  async makeFolder(path: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#unstable.set(path, promise);
    try {
      await this.#makeFolderUpwards(path);
      await this.syncFolder(dirname(path));
    } finally {
      resolve();
      if (this.#unstable.get(path) === promise) this.#unstable.delete(path);
    }
  }

  async #makeFolderUpwards(path: string): Promise<void> {
    try {
      await this.files.makeFolder(path);
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
      await this.makeFolder(dirname(path));
      await this.files.makeFolder(path);
    }
  }

  /** Syncs a folder, and waits for those above it that somebody else has made and not yet synced. */
  async #settle(folder: string): Promise<void> {
    await this.syncFolder(folder);
    if (this.#unstable.size === 0) return;
    for (let path = folder; path !== dirname(path); path = dirname(path)) await this.#unstable.get(path);
  }

  /** Resolves when every change of the folder's entries made before the call is stable. */
  syncFolder(path: string): Promise<void> {
    const state = this.#syncs.get(path);
    if (state === undefined) return this.#startSync(path);
    state.next ??= state.running.then(
      () => this.#startSync(path),
      () => this.#startSync(path),
    );
    return state.next;
  }

  #startSync(path: string): Promise<void> {
    const running = this.files.syncFolder(path).finally(() => {
      const state = this.#syncs.get(path);
      if (state?.running === running && state.next === undefined) this.#syncs.delete(path);
    });
    this.#syncs.set(path, { running });
    return running;
  }

  /**
   * Runs `work`, which makes an entry in `folder`; another task may take the empty folder away at any moment. It is made by `make`,
   * and stable when nothing else is said.
   */
  async inFolder<T>(
    folder: string,
    work: () => Promise<T>,
    make: (folder: string) => Promise<unknown> = (path) => this.makeFolder(path),
  ): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (errorCode(error) !== "ENOENT" || attempt === RENAME_TRIES) throw error;
        await unlessParentIsGone(make(folder));
      }
    }
  }

  /** The folder of what was removed may itself be gone by now, together with its entries. */
  async #syncIfThere(folder: string): Promise<void> {
    try {
      await this.syncFolder(folder);
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
    }
  }
}

/** Somebody takes the folders above away just now: the next attempt makes them again. */
async function unlessParentIsGone(making: Promise<unknown>): Promise<void> {
  try {
    await making;
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}
