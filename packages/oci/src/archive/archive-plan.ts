import { createHash } from "node:crypto";
import { type Digest, digestAlgorithm } from "../model/digest.ts";
import { layoutBlobName } from "../store/tar/tar-content.ts";
import { padded, TAR_BLOCK } from "../store/tar/tar-header.ts";
import { Cutter } from "./cutter.ts";

/** Content that an archive is to hold. */
export interface PlannedContent {
  readonly digest: Digest;
  readonly size: number;
}

/** One entry of the logical tar and where its header lies. */
export interface PlacedEntry {
  /** Name in the tar. */
  readonly name: string;
  readonly size: number;
  /** Position of the header. */
  readonly start: number;
  /** Missing for folders and for files that are no content of images. */
  readonly digest?: Digest;
  /** Bytes of an entry that is known beforehand; an empty folder has none. */
  readonly bytes?: Uint8Array;
  readonly folder?: boolean;
}

/** Where everything lies in an archive that is yet to be written: every size is known, so every place is. */
export interface ArchivePlan {
  /** Same content in the same order and volumes: same identity. An interrupted archive continues only one of its own. */
  readonly id: string;
  /** Sorted by position, without gaps. */
  readonly entries: readonly PlacedEntry[];
  /** Goes on after the last entry. */
  readonly cutter: Cutter;
  /** Bytes of the planned entries, headers and padding included. */
  readonly bytes: number;
}

const LAYOUT_FILE = Buffer.from('{"imageLayoutVersion":"1.0.0"}');

/** Gives each content its place, once, in the given order. Pure. Image-spec "image layout". */
export function planArchive(contents: Iterable<PlannedContent>, volumeBytes: number): ArchivePlan {
  const cutter = new Cutter(volumeBytes);
  const hash = createHash("sha256").update(`skerry archive 1\n${volumeBytes}\n`);
  const once = new Map<Digest, number>();
  for (const { digest, size } of contents) if (!once.has(digest)) once.set(digest, size);
  const algorithms = [...new Set(["sha256", ...[...once.keys()].map(digestAlgorithm)])].sort();
  const entries: PlacedEntry[] = [];
  const fixed = (name: string, bytes: Uint8Array | undefined): void => {
    const start = cutter.entry(bytes?.byteLength ?? 0);
    entries.push({ name, size: bytes?.byteLength ?? 0, start, ...(bytes === undefined ? { folder: true } : { bytes }) });
  };
  fixed("oci-layout", LAYOUT_FILE);
  for (const folder of ["blobs/", ...algorithms.map((algorithm) => `blobs/${algorithm}/`)]) fixed(folder, undefined);
  for (const [digest, size] of once) {
    entries.push({ name: layoutBlobName(digest), size, start: cutter.entry(size), digest });
    hash.update(`${digest} ${size}\n`);
  }
  return { id: hash.digest("hex"), entries, cutter, bytes: cutter.position };
}

/** Position of an entry's first byte of content. */
export function bodyOf(entry: Pick<PlacedEntry, "start">): number {
  return entry.start + TAR_BLOCK;
}

/** Position after an entry and its padding. */
export function endOf(entry: Pick<PlacedEntry, "start" | "size">): number {
  return entry.start + TAR_BLOCK + padded(entry.size);
}
