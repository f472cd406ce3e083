import { randomUUID } from "node:crypto";
import { closeSync, mkdtempSync, openSync, rmSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFully, type SourceHandle } from "./source-files.ts";

/** Bytes that are collected before they are written, and below which no file is made at all. */
const HELD: number = 1 << 20;

/** Documents that had to be converted to JSON. Small ones stay in memory, more goes to a private file without a name. */
export interface Spool extends SourceHandle {
  /** Appends text or bytes; answers offset and length in bytes. */
  append(content: string | Uint8Array): { readonly offset: number; readonly length: number };
  /** In bytes. */
  readonly size: number;
}

/** An empty spool. Its file, once needed, is made in `folder` (the system's own for temporary files when missing). */
export function newSpool(folder?: string): Spool {
  const pending: Buffer[] = [];
  let pendingBytes = 0;
  let written = 0;
  let file: number | undefined;

  function flush(): void {
    file ??= namelessFile(folder);
    const bytes = Buffer.concat(pending, pendingBytes);
    pending.length = 0;
    pendingBytes = 0;
    let done = 0;
    while (done < bytes.length) done += writeSync(file, bytes, done, bytes.length - done, written + done);
    written += bytes.length;
  }

  return {
    get size() {
      return written + pendingBytes;
    },
    append(content) {
      const bytes = typeof content === "string" ? Buffer.from(content, "utf8") : Buffer.from(content);
      const at = { offset: written + pendingBytes, length: bytes.length };
      pending.push(bytes);
      pendingBytes += bytes.length;
      if (pendingBytes >= HELD) flush();
      return at;
    },
    read(into, position) {
      if (file !== undefined && pendingBytes > 0) flush();
      if (file !== undefined) return readFully(file, into, position);
      const held = pending.length === 1 && pending[0] !== undefined ? pending[0] : Buffer.concat(pending, pendingBytes);
      pending.splice(0, pending.length, held);
      return held.copy(into, 0, position, position + into.length);
    },
    close() {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

/** Created exclusively, mode 0600, unlinked at once: nothing can outlive the process. */
function namelessFile(folder: string | undefined): number {
  if (folder === undefined) {
    const own = mkdtempSync(join(tmpdir(), "skerry-"));
    try {
      return namelessFile(own);
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
  }
  const location = join(folder, `.skerry-catalog-${randomUUID()}`);
  const descriptor = openSync(location, "wx+", 0o600);
  unlinkSync(location);
  return descriptor;
}
