import { constants, statSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rmdir, stat, statfs, unlink, utimes } from "node:fs/promises";
import { type OpenFile, openFile, syncFolder } from "./open-file.ts";
import { syncFileSystem } from "./sync-file-system.ts";

export interface FileFacts {
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly changedAt: number;
}

export interface FileSpace {
  /** Bytes an unprivileged user may still write. */
  readonly freeBytes: number;
  /** Bytes of the whole file system. */
  readonly totalBytes: number;
}

/**
 * The few operations the store needs of a file system. Small, so that a test can put one in its place that forgets
 * what was not synced. Paths are absolute; whatever is not said otherwise throws node's errors with `code`.
 */
export interface FileSystem {
  /** `create` fails when the file is there; `update` opens for reading and writing and creates. */
  open(path: string, how: "read" | "create" | "update"): Promise<OpenFile>;
  /** Whole content, or undefined when there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** True when there is such a file: for those that mostly are not there, where reading them would fail. */
  isThere(path: string): Promise<boolean>;
  /** Undefined when there is no such file. */
  facts(path: string): Promise<FileFacts | undefined>;
  /** Names in a folder, unsorted; none when there is no such folder. */
  list(path: string): Promise<readonly string[]>;
  /** Names of the folders in a folder. */
  listFolders(path: string): Promise<readonly string[]>;
  /** Names of the files in a folder. */
  listFiles(path: string): Promise<readonly string[]>;
  rename(from: string, to: string): Promise<void>;
  /** False when there was no such file. */
  remove(path: string): Promise<boolean>;
  /** False when it was there. The parent must be there. */
  makeFolder(path: string): Promise<boolean>;
  /** False when it is not empty or not there. */
  removeFolder(path: string): Promise<boolean>;
  /** Makes the entries of a folder (names made, changed and removed) stable. */
  syncFolder(path: string): Promise<void>;
  /** Makes everything in the file system that holds `path` stable with one call; false where the machine cannot. */
  syncAll?(path: string): Promise<boolean>;
  touch(path: string, changedAt: number): Promise<void>;
  space(path: string): Promise<FileSpace>;
}

const FLAGS = {
  read: constants.O_RDONLY,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  update: constants.O_RDWR | constants.O_CREAT,
} as const;

/** The machine's own file system. Files are made 0600, folders 0700. */
export const nodeFiles: FileSystem = {
  open: (path, how) => openFile(path, FLAGS[how] | constants.O_NOFOLLOW),
  read(path) {
    return unlessMissing(readFile(path), undefined);
  },
  // At once: an error that comes back from another thread costs twenty times as much.
  isThere: async (path) => statSync(path, { throwIfNoEntry: false }) !== undefined,
  async facts(path) {
    const found = await unlessMissing(stat(path), undefined);
    return found === undefined ? undefined : { size: found.size, changedAt: found.mtimeMs };
  },
  list(path) {
    return unlessMissing(readdir(path), []);
  },
  listFolders: (path) => entries(path, true),
  listFiles: (path) => entries(path, false),
  rename,
  async remove(path) {
    return unlessMissing(
      unlink(path).then(() => true),
      false,
    );
  },
  async makeFolder(path) {
    try {
      await mkdir(path, { mode: 0o700 });
      return true;
    } catch (error) {
      if (errorCode(error) === "EEXIST") return false;
      throw error;
    }
  },
  async removeFolder(path) {
    try {
      await rmdir(path);
      return true;
    } catch (error) {
      if (["ENOENT", "ENOTEMPTY", "EEXIST"].includes(errorCode(error) ?? "")) return false;
      throw error;
    }
  },
  syncFolder,
  syncAll: syncFileSystem,
  async touch(path, changedAt) {
    await unlessMissing(utimes(path, changedAt / 1000, changedAt / 1000), undefined);
  },
  async space(path) {
    const found = await statfs(path);
    return { freeBytes: found.bavail * found.bsize, totalBytes: found.blocks * found.bsize };
  },
};

async function entries(path: string, folders: boolean): Promise<string[]> {
  const found = await unlessMissing(readdir(path, { withFileTypes: true }), []);
  return found.filter((entry) => entry.isDirectory() === folders).map((entry) => entry.name);
}

/** The `code` of a node error, such as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

async function unlessMissing<T, M>(found: Promise<T>, missing: M): Promise<T | M> {
  try {
    return await found;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return missing;
    throw error;
  }
}
