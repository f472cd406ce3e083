import { closeSync, constants, fdatasync, fstat, fsync, ftruncate, open, openSync, read, writev } from "node:fs";
import { promisify } from "node:util";
import type { OpenFile } from "./files.ts";

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
  return new NodeFile(await opening(path, flags, 0o600));
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

class NodeFile implements OpenFile {
  #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    return (await reading(this.#descriptor, into, 0, into.byteLength, position)).bytesRead;
  }

  /** writev may write less than asked for, on a nearly full disk for one: what is left is written again, until it fails for good. */
  async write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    let rest = chunks.filter((chunk) => chunk.byteLength > 0);
    let at = position;
    while (rest.length > 0) {
      const { bytesWritten } = await writing(this.#descriptor, rest, at);
      at += bytesWritten;
      rest = after(rest, bytesWritten);
    }
  }

  sync(): Promise<void> {
    return syncingData(this.#descriptor);
  }

  truncate(size: number): Promise<void> {
    return truncating(this.#descriptor, size);
  }

  async size(): Promise<number> {
    return (await looking(this.#descriptor)).size;
  }

  /** A number that was closed may be another file's by now, so it is given up at once and never closed twice. */
  async close(): Promise<void> {
    const descriptor = this.#descriptor;
    this.#descriptor = -1;
    if (descriptor >= 0) closeSync(descriptor);
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
