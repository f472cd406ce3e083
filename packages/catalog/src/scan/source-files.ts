import type { Dirent } from "node:fs";
import { type FileHandle, open, readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { CatalogError } from "../errors.ts";
import type { CatalogProblem } from "../types.ts";

/** An open file of a catalog. Reads may come in any order. */
export interface SourceHandle {
  /** Fills `into` from `position`; fewer bytes than asked only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
}

/** One regular file of a catalog. */
export interface SourceFile {
  /** Path inside the catalog's root, `/`-separated. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  open(): Promise<SourceHandle>;
}

/** Where the files of a catalog come from: a folder, one file, standard input, the layers of an image. */
export interface CatalogFiles {
  /** Sorted by path. Files named `.indexignore` are among them. */
  readonly files: readonly SourceFile[];
  /** What could not even be listed: dangling links, links that leave the root. */
  readonly problems: readonly CatalogProblem[];
  close(): Promise<void>;
}

/** Reads until `into` is full or the file ends. */
export async function readFully(handle: FileHandle, into: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const { bytesRead } = await handle.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/** A file on disk as a {@link SourceFile}. */
export function diskFile(location: string, path: string, size: number): SourceFile {
  return {
    path,
    size,
    async open() {
      const handle = await open(location, "r");
      return {
        read: (into, position) => readFully(handle, into, position),
        close: () => handle.close(),
      };
    },
  };
}

/** Bytes in memory as a {@link SourceFile}. */
export function memoryFile(path: string, bytes: Uint8Array): SourceFile {
  return {
    path,
    size: bytes.length,
    async open() {
      return {
        async read(into, position) {
          const part = bytes.subarray(position, position + into.length);
          into.set(part);
          return part.length;
        },
        async close() {},
      };
    },
  };
}

/** One file as a catalog. The path is what messages say. */
export function singleFile(file: SourceFile): CatalogFiles {
  return { files: [file], problems: [], async close() {} };
}

interface Found {
  readonly files: SourceFile[];
  readonly problems: CatalogProblem[];
}

/**
 * Every regular file below a folder, hidden ones too. Links to files are followed as opm does, but never out of the
 * folder; a link to a folder is a row, so is whatever cannot be read.
 *
 * @throws CatalogError CATALOG_UNREADABLE when the folder itself cannot be read.
 */
export async function folderFiles(root: string): Promise<CatalogFiles> {
  const found: Found = { files: [], problems: [] };
  let real: string;
  try {
    real = await realpath(root);
    await readdir(real);
  } catch (cause) {
    throw new CatalogError({
      code: "CATALOG_UNREADABLE",
      message: `Cannot read catalog "${root}": ${reason(cause)}`,
      subject: root,
      hint: "Name a folder that holds a file-based catalog.",
      cause,
    });
  }
  await walk(real, "", found);
  found.files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return { ...found, async close() {} };
}

async function walk(root: string, folder: string, found: Found): Promise<void> {
  let entries: Dirent[];
  try {
    entries = await readdir(join(root, folder), { withFileTypes: true });
  } catch (cause) {
    found.problems.push(unreadable(folder, reason(cause)));
    return;
  }
  for (const entry of entries) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) await walk(root, path, found);
    else if (entry.isFile()) await addFile(join(root, path), path, found);
    else if (entry.isSymbolicLink()) await addLink(root, path, found);
  }
}

async function addFile(location: string, path: string, found: Found): Promise<void> {
  try {
    found.files.push(diskFile(location, path, (await stat(location)).size));
  } catch (cause) {
    found.problems.push(unreadable(path, reason(cause)));
  }
}

async function addLink(root: string, path: string, found: Found): Promise<void> {
  try {
    const target = await realpath(join(root, path));
    if (!target.startsWith(root.endsWith(sep) ? root : root + sep)) {
      found.problems.push(unreadable(path, "the link leaves the catalog's folder"));
      return;
    }
    const status = await stat(target);
    if (status.isFile()) found.files.push(diskFile(target, path, status.size));
    else found.problems.push(unreadable(path, "the link leads to a folder"));
  } catch (cause) {
    found.problems.push(unreadable(path, reason(cause)));
  }
}

function unreadable(path: string, why: string): CatalogProblem {
  return {
    code: "CATALOG_UNREADABLE",
    severity: "error",
    subject: path,
    action: "dropped",
    message: `Cannot read "${path}": ${why}`,
  };
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
