import { closeSync, type Dirent, openSync, readdirSync, readSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { CatalogError } from "../errors.ts";
import type { CatalogProblem } from "../types.ts";
import { Turns } from "./turns.ts";

/** Bytes of one read. */
export const CHUNK: number = 1 << 20;

/** An open file of a catalog. Reads may come in any order, and do not wait: see {@link Turns}. */
export interface SourceHandle {
  /** Fills `into` from `position`; fewer bytes than asked only at the end of the file. */
  read(into: Uint8Array, position: number): number;
  close(): void;
}

/** One regular file of a catalog. */
export interface SourceFile {
  /** Path inside the catalog's root, `/`-separated. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  open(): SourceHandle;
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
export function readFully(descriptor: number, into: Uint8Array, position: number): number {
  let done = 0;
  while (done < into.length) {
    const read = readSync(descriptor, into, done, into.length - done, position + done);
    if (read === 0) break;
    done += read;
  }
  return done;
}

/** A file on disk as a {@link SourceFile}. */
export function diskFile(location: string, path: string, size: number): SourceFile {
  return {
    path,
    size,
    open() {
      const descriptor = openSync(location, "r");
      return {
        read: (into, position) => readFully(descriptor, into, position),
        close: () => closeSync(descriptor),
      };
    },
  };
}

/** Bytes in memory as a {@link SourceFile}. */
export function memoryFile(path: string, bytes: Uint8Array): SourceFile {
  return {
    path,
    size: bytes.length,
    open() {
      return {
        read(into, position) {
          const part = bytes.subarray(position, position + into.length);
          into.set(part);
          return part.length;
        },
        close() {},
      };
    },
  };
}

/** One file as a catalog. The path is what messages say. */
export function singleFile(file: SourceFile): CatalogFiles {
  return { files: [file], problems: [], async close() {} };
}

/** What finding a file costs, as {@link Turns} count. */
const BYTES_A_FILE = 4096;

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
    real = realpathSync(root);
    readdirSync(real);
  } catch (cause) {
    throw new CatalogError({
      code: "CATALOG_UNREADABLE",
      message: `Cannot read catalog "${root}": ${reason(cause)}`,
      subject: root,
      hint: "Name a folder that holds a file-based catalog.",
      cause,
    });
  }
  await walk(real, "", { ...found, turns: new Turns() });
  found.files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return { ...found, async close() {} };
}

async function walk(root: string, folder: string, found: Found & { readonly turns: Turns }): Promise<void> {
  let entries: Dirent[];
  try {
    entries = readdirSync(join(root, folder), { withFileTypes: true });
  } catch (cause) {
    found.problems.push(unreadable(folder, reason(cause)));
    return;
  }
  await found.turns.spent(entries.length * BYTES_A_FILE);
  for (const entry of entries) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) await walk(root, path, found);
    else if (entry.isFile()) addFile(join(root, path), path, found);
    else if (entry.isSymbolicLink()) addLink(root, path, found);
  }
}

function addFile(location: string, path: string, found: Found): void {
  try {
    found.files.push(diskFile(location, path, statSync(location).size));
  } catch (cause) {
    found.problems.push(unreadable(path, reason(cause)));
  }
}

function addLink(root: string, path: string, found: Found): void {
  try {
    const target = realpathSync(join(root, path));
    if (!target.startsWith(root.endsWith(sep) ? root : root + sep)) {
      found.problems.push(unreadable(path, "the link leaves the catalog's folder"));
      return;
    }
    const status = statSync(target);
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
