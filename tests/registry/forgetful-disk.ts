import { basename, dirname } from "node:path";
import type { FileSystem, OpenFile } from "@skerry/registry";

/** Content of one file: as programs see it, and as it was when it was last synced. */
class FakeFile {
  now: Buffer = Buffer.alloc(0);
  stable: Buffer = Buffer.alloc(0);
  changedAt = 0;
}

type Entry = FakeFile | FakeFolder;

class FakeFolder {
  now = new Map<string, Entry>();
  stable = new Map<string, Entry>();
}

/**
 * A disk in memory that forgets on a power cut what was not synced: of each file either the synced bytes or any prefix of the
 * new ones, of each folder's entries either the synced state or the new one, each by itself and at random. That is more than
 * a journalling file system forgets.
 */
export class ForgetfulDisk {
  #root = new FakeFolder();
  #generation = 0;
  /** Calls of sync, to see that something was at stake. */
  syncs = 0;

  /** The disk as a program sees it until the next power cut; afterwards every call fails. */
  mount(root: string): FileSystem {
    const generation = this.#generation;
    this.#makePath(root);
    const guard = <A extends unknown[], R>(work: (...args: A) => R) => {
      return async (...args: A): Promise<R> => {
        await new Promise<void>((resolve) => setImmediate(resolve));
        if (generation !== this.#generation) throw fault("EIO");
        return work(...args);
      };
    };
    const open = guard((path: string, how: "read" | "create" | "update") => this.#open(path, how));
    return {
      open: async (path, how) => guardedFile(await open(path, how), guard),
      read: guard((path) => (this.#find(path) instanceof FakeFile ? Buffer.from(this.#file(path).now) : undefined)),
      isThere: guard((path) => this.#find(path) !== undefined),
      facts: guard((path) => this.#facts(path)),
      list: guard((path) => [...(this.#folderOrUndefined(path)?.now.keys() ?? [])]),
      listFolders: guard((path) => this.#listed(path, FakeFolder)),
      listFiles: guard((path) => this.#listed(path, FakeFile)),
      rename: guard((from, to) => this.#rename(from, to)),
      remove: guard((path) => this.#folderOrUndefined(dirname(path))?.now.delete(basename(path)) === true),
      makeFolder: guard((path) => this.#makeFolder(path)),
      removeFolder: guard((path) => this.#removeFolder(path)),
      syncFolder: guard((path) => {
        this.syncs += 1;
        const folder = this.#folder(path);
        folder.stable = new Map(folder.now);
      }),
      touch: guard((path, changedAt) => {
        const found = this.#find(path);
        if (found instanceof FakeFile) found.changedAt = changedAt;
      }),
      space: guard(() => ({ freeBytes: 2 ** 40, totalBytes: 2 ** 41 })),
    };
  }

  /** Pulls the plug. */
  cut(random: () => number): void {
    this.#generation += 1;
    cutFolder(this.#root, random, new Set());
  }

  #open(path: string, how: "read" | "create" | "update"): FakeFile {
    const found = this.#find(path);
    if (found instanceof FakeFolder) throw fault("EISDIR");
    if (found !== undefined) {
      if (how === "create") throw fault("EEXIST");
      return found;
    }
    if (how === "read") throw fault("ENOENT");
    const file = new FakeFile();
    file.changedAt = Date.now();
    this.#folder(dirname(path)).now.set(basename(path), file);
    return file;
  }

  #rename(from: string, to: string): void {
    const entry = this.#find(from);
    if (entry === undefined) throw fault("ENOENT");
    const target = this.#folder(dirname(to));
    this.#folder(dirname(from)).now.delete(basename(from));
    target.now.set(basename(to), entry);
  }

  #makeFolder(path: string): boolean {
    const parent = this.#folder(dirname(path));
    if (parent.now.has(basename(path))) return false;
    parent.now.set(basename(path), new FakeFolder());
    return true;
  }

  #removeFolder(path: string): boolean {
    const found = this.#folderOrUndefined(path);
    if (found === undefined || found.now.size > 0) return false;
    return this.#folder(dirname(path)).now.delete(basename(path));
  }

  #facts(path: string): { size: number; changedAt: number } | undefined {
    const found = this.#find(path);
    if (found === undefined) return undefined;
    return found instanceof FakeFile ? { size: found.now.length, changedAt: found.changedAt } : { size: 0, changedAt: 0 };
  }

  #listed(path: string, kind: typeof FakeFile | typeof FakeFolder): string[] {
    return [...(this.#folderOrUndefined(path)?.now ?? [])].filter(([, entry]) => entry instanceof kind).map(([name]) => name);
  }

  #find(path: string): Entry | undefined {
    let entry: Entry | undefined = this.#root;
    for (const part of path.split("/").filter((piece) => piece !== "")) {
      if (!(entry instanceof FakeFolder)) return undefined;
      entry = entry.now.get(part);
    }
    return entry;
  }

  #file(path: string): FakeFile {
    const found = this.#find(path);
    if (!(found instanceof FakeFile)) throw fault("ENOENT");
    return found;
  }

  #folderOrUndefined(path: string): FakeFolder | undefined {
    const found = this.#find(path);
    return found instanceof FakeFolder ? found : undefined;
  }

  #folder(path: string): FakeFolder {
    const found = this.#folderOrUndefined(path);
    if (found === undefined) throw fault("ENOENT");
    return found;
  }

  /** The folder the root lies in was there before, and stays. */
  #makePath(path: string): void {
    let folder = this.#root;
    for (const part of path.split("/").filter((piece) => piece !== "")) {
      const next: Entry = folder.now.get(part) ?? new FakeFolder();
      if (!(next instanceof FakeFolder)) throw fault("ENOTDIR");
      folder.now.set(part, next);
      folder.stable.set(part, next);
      folder = next;
    }
  }
}

function cutFolder(folder: FakeFolder, random: () => number, seen: Set<Entry>): void {
  if (seen.has(folder)) return;
  seen.add(folder);
  const after = new Map<string, Entry>();
  for (const name of new Set([...folder.now.keys(), ...folder.stable.keys()])) {
    const kept = random() < 0.5 ? folder.now.get(name) : folder.stable.get(name);
    if (kept !== undefined) after.set(name, kept);
  }
  folder.now = after;
  folder.stable = new Map(after);
  for (const entry of after.values()) {
    if (entry instanceof FakeFolder) cutFolder(entry, random, seen);
    else if (!seen.has(entry)) {
      seen.add(entry);
      const isStable = entry.now.equals(entry.stable);
      entry.now = isStable || random() < 0.5 ? entry.stable : entry.now.subarray(0, Math.floor(random() * entry.now.length));
      entry.stable = entry.now;
    }
  }
}

type Guard = <A extends unknown[], R>(work: (...args: A) => R) => (...args: A) => Promise<R>;

function guardedFile(file: FakeFile, guard: Guard): OpenFile {
  return {
    read: guard((into: Uint8Array, position: number) => file.now.copy(into, 0, position)),
    write: guard((chunks: readonly Uint8Array[], position: number) => {
      const added = Buffer.concat(chunks);
      const grown = Buffer.alloc(Math.max(file.now.length, position + added.length));
      file.now.copy(grown);
      added.copy(grown, position);
      file.now = grown;
      file.changedAt = Date.now();
    }),
    sync: guard(() => {
      file.stable = Buffer.from(file.now);
    }),
    truncate: guard((size: number) => {
      file.now = Buffer.concat([file.now.subarray(0, size), Buffer.alloc(Math.max(0, size - file.now.length))]);
    }),
    size: guard(() => file.now.length),
    close: guard(() => undefined),
  };
}

function fault(code: string): Error {
  return Object.assign(new Error(code), { code });
}
