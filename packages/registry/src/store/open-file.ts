import { closeSync, constants, fdatasync, fstat, fsync, ftruncate, open, openSync, read, writev } from "node:fs";
import { promisify } from "node:util";

/** An open file, addressed by position. */
export interface OpenFile {
  /** Bytes read into `into` from `position`; 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes all chunks, one after the other, from `position`. */
  write(chunks: readonly Uint8Array[], position: number): Promise<void>;
  /** Resolves when the bytes are on stable storage. */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

const opening = promisify(open);
const reading = promisify(read);
const writing = promisify(writev);
const syncingData = promisify(fdatasync);
const syncing = promisify(fsync);
const truncating = promisify(ftruncate);
const looking = promisify(fstat);

/**
 * Opens a file of the machine, made 0600 when it is new. A manifest costs a dozen small operations: what never waits for the
 * disk (closing, and opening a folder that is known) is done at once, for a trip to another thread costs ten times as much.
 */
export async function openFile(path: string, flags: number): Promise<OpenFile> {
  let descriptor = await opening(path, flags, 0o600);
  return {
    read: async (into, position) => (await reading(descriptor, into, 0, into.byteLength, position)).bytesRead,
    write: (chunks, position) => writeFully(descriptor, chunks, position),
    sync: () => syncingData(descriptor),
    truncate: (size) => truncating(descriptor, size),
    size: async () => (await looking(descriptor)).size,
    async close() {
      // A number that was closed may be another file's by now: it is given up at once and never closed twice.
      const last = descriptor;
      descriptor = -1;
      if (last >= 0) closeSync(last);
    },
  };
}

/** Makes the entries of a folder stable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await syncing(folder);
  } finally {
    closeSync(folder);
  }
}

/** writev may write less than asked for, on a nearly full disk for one: what is left is written again, until it fails for good. */
async function writeFully(descriptor: number, chunks: readonly Uint8Array[], position: number): Promise<void> {
  let rest = chunks.filter((chunk) => chunk.byteLength > 0);
  let at = position;
  while (rest.length > 0) {
    const { bytesWritten } = await writing(descriptor, rest, at);
    at += bytesWritten;
    rest = after(rest, bytesWritten);
  }
}

function after(chunks: readonly Uint8Array[], written: number): Uint8Array[] {
  let left = written;
  const rest: Uint8Array[] = [];
  for (const chunk of chunks) {
    if (left >= chunk.byteLength) left -= chunk.byteLength;
    else {
      rest.push(left === 0 ? chunk : chunk.subarray(left));
      left = 0;
    }
  }
  return rest;
}
