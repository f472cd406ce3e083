import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { digestHex } from "../model/digest.ts";
import { layoutBlobName } from "../store/tar/tar-content.ts";
import { padded, readHeader, TAR_BLOCK, type TarHeader, tarHeader } from "../store/tar/tar-header.ts";
import type { IoOptions } from "../store/types.ts";
import type { ArchiveFinding } from "./archive-finding.ts";
import { type ArchiveContents, CONTENTS_ENTRY } from "./contents.ts";
import { volumeOf } from "./cutter.ts";

/** Entries that no list of contents names. */
const UNLISTED = /^(?:oci-layout|blobs\/|blobs\/sha(?:256|512)\/|skerry\/contents\.json|skerry\/unfilled\/[0-9a-f]{64})$/;

/** Where a listed entry has its header, and what that header says. */
interface Listed {
  readonly name: string;
  readonly size: number;
}

/**
 * Walks the tar's headers from the first to the end mark. An archive of ours has one form of header and no other: links,
 * devices, PAX and GNU records, foreign names, names used twice and places that differ from the contents all show as the first
 * header that is not what it has to be.
 */
export async function checkHeaders(dir: string, contents: ArchiveContents, options: IoOptions): Promise<ArchiveFinding[]> {
  const starts = [0];
  for (const volume of contents.volumes) starts.push((starts.at(-1) ?? 0) + (volume.bytes ?? 0));
  const end = starts.pop() ?? 0;
  const walk = new HeaderWalk(dir, contents, starts);
  try {
    const fault = await walk.run(end, options);
    if (fault === undefined) return [];
    const volume = contents.volumes[volumeOf(starts, fault.position)]?.name ?? "";
    return [{ code: "TAR_WRONG", volume, message: `${volume} is not as it was written: ${fault.why}`, digests: fault.digests }];
  } finally {
    await walk.close();
  }
}

interface Fault {
  readonly position: number;
  readonly why: string;
  readonly digests: ArchiveFinding["digests"];
}

class HeaderWalk {
  readonly #dir: string;
  readonly #contents: ArchiveContents;
  readonly #starts: readonly number[];
  readonly #listed = new Map<number, Listed>();
  readonly #names = new Set<string>();
  #file: { readonly index: number; readonly handle: FileHandle } | undefined;
  #window = new Uint8Array(0);
  #windowStart = -1;

  constructor(dir: string, contents: ArchiveContents, starts: readonly number[]) {
    this.#dir = dir;
    this.#contents = contents;
    this.#starts = starts;
    const places = [...contents.blobs.map((blob) => ({ ...blob, name: layoutBlobName(blob.digest) })), ...contents.files];
    for (const { name, volume, offset, bytes } of places) {
      this.#listed.set((starts[volume - 1] ?? 0) + offset - TAR_BLOCK, { name, size: bytes });
    }
  }

  /** The first thing that is wrong. */
  async run(end: number, options: IoOptions): Promise<Fault | undefined> {
    let position = 0;
    let met = 0;
    while (position + 2 * TAR_BLOCK < end) {
      options.signal?.throwIfAborted();
      const block = await this.#block(position);
      const header = block === undefined ? undefined : readHeader(block);
      if (block === undefined || header === undefined) return this.#fault(position, "the tar ends before its end");
      const why = typeof header === "string" ? header : this.#judge(header, block, position);
      if (typeof header === "string" || why !== undefined) return this.#fault(position, why ?? "");
      if (this.#listed.has(position)) met += 1;
      position += TAR_BLOCK + padded(header.size);
    }
    if (position !== end - 2 * TAR_BLOCK) return this.#fault(position, "its last entry does not end where the tar does");
    for (const at of [position, position + TAR_BLOCK]) {
      if ((await this.#block(at))?.some((byte) => byte !== 0) !== false) return this.#fault(at, "it has no end mark");
    }
    return met === this.#listed.size ? undefined : this.#fault(position, "entries that the contents list are not in it");
  }

  async close(): Promise<void> {
    await this.#file?.handle.close();
  }

  #judge(header: TarHeader, block: Uint8Array, position: number): string | undefined {
    const { name, size } = header;
    const shown = JSON.stringify(name);
    if (this.#names.has(name.toLowerCase())) return `the entry ${shown} is in it twice`;
    this.#names.add(name.toLowerCase());
    const listed = this.#listed.get(position);
    if (listed === undefined && !UNLISTED.test(name)) return `the entry ${shown} is not among its contents`;
    if (listed !== undefined && (listed.name !== name || listed.size !== size)) return `${shown} is where ${listed.name} should be`;
    const isFolder = name.endsWith("/");
    const ours = name.length <= 100 ? tarHeader({ name, size: isFolder ? 0 : size, folder: isFolder }) : undefined;
    if (ours === undefined || !Buffer.from(ours).equals(block)) return `the header of ${shown} is not of the one form that an archive has`;
    return name === CONTENTS_ENTRY && size > 512 * 1024 * 1024 ? `the entry ${shown} is too large` : undefined;
  }

  #fault(position: number, why: string): Fault {
    const listed = this.#listed.get(position);
    const digests = this.#contents.blobs.filter(({ digest }) => listed?.name.endsWith(digestHex(digest))).map(({ digest }) => digest);
    return { position, why: `at byte ${position}, ${why}`, digests };
  }

  async #block(position: number): Promise<Uint8Array | undefined> {
    const from = position - this.#windowStart;
    if (this.#windowStart >= 0 && from >= 0 && from + TAR_BLOCK <= this.#window.byteLength)
      return this.#window.subarray(from, from + TAR_BLOCK);
    const index = volumeOf(this.#starts, position);
    const handle = await this.#open(index);
    const buffer = Buffer.allocUnsafe(16 * 1024);
    const { bytesRead } = await handle.read(buffer, 0, buffer.byteLength, position - (this.#starts[index] ?? 0));
    this.#window = buffer.subarray(0, bytesRead);
    this.#windowStart = position;
    return bytesRead < TAR_BLOCK ? undefined : this.#window.subarray(0, TAR_BLOCK);
  }

  async #open(index: number): Promise<FileHandle> {
    if (this.#file?.index === index) return this.#file.handle;
    await this.#file?.handle.close();
    this.#file = undefined;
    const handle = await open(join(this.#dir, this.#contents.volumes[index]?.name ?? ""), "r");
    this.#file = { index, handle };
    return handle;
  }
}
