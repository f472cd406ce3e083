import { createHash } from "node:crypto";
import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { OciError } from "../errors.ts";
import { type Digest, isDigest } from "../model/digest.ts";
import { MAX_MANIFEST_BYTES, manifestMediaType } from "../model/manifest.ts";
import { diskError } from "../store/disk/errors.ts";
import { IndexFile } from "../store/layout/index-file.ts";
import { padded, readHeader, TAR_BLOCK } from "../store/tar/tar-header.ts";
import type { IoOptions } from "../store/types.ts";
import { type ArchiveBlob, type ArchiveContents, type ArchiveFile, type ArchiveRoot, CONTENTS_ENTRY } from "./contents.ts";
import { parseContents } from "./parse-contents.ts";
import { isVolumeName } from "./volume-name.ts";
import { ArchivePlaces } from "./volume-reader.ts";

/** What a scan of the volumes found. */
export interface RebuiltArchive {
  readonly contents: ArchiveContents;
  /** Content that the copy of the contents inside lists and that is not there, or is damaged. */
  readonly lost: readonly Digest[];
  /** Numbers that are missing between the first volume and the last that is there. */
  readonly missingVolumes: readonly string[];
}

/**
 * Rebuilds the contents of an archive by reading its volumes: every blob is hashed, so that only what is right is listed. A
 * volume that is missing takes with it what lay in it; the entries after it are found again by their headers.
 * @throws OciError `NOT_FOUND` without any volume, `ARCHIVE_INVALID` when nothing of an archive is in them
 */
export async function rebuildContents(dir: string, options: IoOptions = {}): Promise<RebuiltArchive> {
  const names = await volumesIn(dir);
  const volumes = await Promise.all(names.map((name) => measured(dir, name, options)));
  const scan = new Scan(dir, volumes, options);
  await scan.run();
  const inner = await innerContents(dir, scan);
  const blobs = await rightBlobs(dir, scan, options);
  const there = new Set(blobs.map(({ digest }) => digest));
  const archive = (names[0] ?? "").replace(/_[0-9]{6}\.tar$/, "");
  const contents: ArchiveContents = {
    apiVersion: "skerry.dev/v1",
    kind: "ArchiveContents",
    version: 1,
    name: archive,
    createdAt: inner?.createdAt ?? new Date(0).toISOString(),
    plan: inner?.plan ?? "rebuilt",
    base: inner?.base ?? {},
    volumes,
    blobs,
    files: scan.files,
    roots: (await rootsOf(dir, scan)).filter(({ digest }) => there.has(digest)),
    relies: inner?.relies ?? [],
    missing: inner?.missing ?? [],
    signatures: [],
  };
  return {
    contents,
    lost: (inner?.blobs ?? []).map(({ digest }) => digest).filter((digest) => !there.has(digest)),
    missingVolumes: gaps(names),
  };
}

type Measured = { readonly name: string; readonly bytes: number; readonly sha256: string };

async function volumesIn(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch((error: unknown) => {
    throw diskError(error, "look for volumes", dir);
  });
  const found = names.filter(isVolumeName).sort();
  const first = found[0]?.replace(/[0-9]{6}\.tar$/, "");
  const own = found.filter((name) => name.replace(/[0-9]{6}\.tar$/, "") === first);
  if (own.length === 0)
    throw new OciError({ code: "NOT_FOUND", message: `Cannot rebuild archive ${dir}: no volume is in it`, subject: dir });
  if (own.length === found.length) return own;
  throw new OciError({
    code: "AMBIGUOUS",
    message: `Cannot rebuild archive ${dir}: volumes of several archives are in it`,
    subject: dir,
    hint: "Move the others to a folder of their own.",
  });
}

async function measured(dir: string, name: string, options: IoOptions): Promise<Measured> {
  const file = await open(join(dir, name), "r").catch((error: unknown) => {
    throw diskError(error, "open the volume", name);
  });
  try {
    const hash = createHash("sha256");
    const buffer = Buffer.allocUnsafe(1024 * 1024);
    let bytes = 0;
    for (;;) {
      options.signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, bytes);
      if (bytesRead === 0) return { name, bytes, sha256: hash.digest("hex") };
      hash.update(buffer.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  } finally {
    await file.close();
  }
}

function gaps(names: readonly string[]): string[] {
  const numbers = new Set(names.map((name) => Number(/_([0-9]{6})\.tar$/.exec(name)?.[1])));
  const base = (names[0] ?? "").replace(/[0-9]{6}\.tar$/, "");
  const missing: string[] = [];
  for (let number = 1; number < Math.max(...numbers); number++) {
    if (!numbers.has(number)) missing.push(`${base}${String(number).padStart(6, "0")}.tar`);
  }
  return missing;
}

/** Finds headers: one after the other where the chain holds, block by block where it is broken. */
class Scan {
  readonly files: ArchiveFile[] = [];
  readonly blobs: ArchiveBlob[] = [];
  readonly volumes: readonly Measured[];
  inner: ArchiveBlob | undefined;
  readonly #dir: string;
  readonly #options: IoOptions;

  constructor(dir: string, volumes: readonly Measured[], options: IoOptions) {
    this.#dir = dir;
    this.volumes = volumes;
    this.#options = options;
  }

  async run(): Promise<void> {
    /** Bytes of the next volume that still belong to an entry of the one before. */
    let into = 0;
    let previous = 0;
    for (const [index, volume] of this.volumes.entries()) {
      const number = Number(/_([0-9]{6})\.tar$/.exec(volume.name)?.[1]);
      const continues = number === previous + 1;
      previous = number;
      const file = await open(join(this.#dir, volume.name), "r");
      try {
        into = await this.#volume(file, index, continues ? into : 0);
      } finally {
        await file.close();
      }
    }
  }

  async #volume(file: FileHandle, index: number, skip: number): Promise<number> {
    const end = this.volumes[index]?.bytes ?? 0;
    let position = skip;
    while (position + TAR_BLOCK <= end) {
      this.#options.signal?.throwIfAborted();
      const block = Buffer.allocUnsafe(TAR_BLOCK);
      await file.read(block, 0, TAR_BLOCK, position);
      const header = readHeader(block);
      if (header === undefined || typeof header === "string" || !/^(?:oci-layout$|index\.json$|blobs\/|skerry\/)/.test(header.name)) {
        position += TAR_BLOCK;
        continue;
      }
      await this.#note(header, { index, body: position + TAR_BLOCK });
      position += TAR_BLOCK + padded(header.size);
    }
    return Math.max(0, position - end);
  }

  async #note(
    header: { readonly name: string; readonly size: number },
    at: { readonly index: number; readonly body: number },
  ): Promise<void> {
    const { name, size } = header;
    const inNext = at.body === this.volumes[at.index]?.bytes;
    const place = { volume: at.index + (inNext ? 2 : 1), offset: inNext ? 0 : at.body, bytes: size };
    const digest = /^blobs\/(sha256|sha512)\/([0-9a-f]+)$/.exec(name);
    const text = `${digest?.[1] ?? ""}:${digest?.[2] ?? ""}`;
    if (isDigest(text)) this.blobs.push({ digest: text, ...place });
    else if (name === CONTENTS_ENTRY) this.inner = { digest: `sha256:${"0".repeat(64)}` as Digest, ...place };
    else if (name === "index.json" || (name.startsWith("skerry/") && !name.startsWith("skerry/unfilled/"))) {
      this.files.push({ name, ...place, sha256: await this.#hashOf(place) });
    }
  }

  async #hashOf(place: { readonly volume: number; readonly offset: number; readonly bytes: number }): Promise<string> {
    const hash = createHash("sha256");
    for (const chunk of await readPlace(this.#dir, this.volumes, place)) hash.update(chunk);
    return hash.digest("hex");
  }
}

/** Chunks of a stretch; none when it cannot be read whole. */
async function readPlace(
  dir: string,
  volumes: readonly Measured[],
  place: { readonly volume: number; readonly offset: number; readonly bytes: number },
): Promise<Uint8Array[]> {
  try {
    return await Array.fromAsync(placesOf(dir, volumes).read(place));
  } catch {
    return [];
  }
}

function placesOf(dir: string, volumes: readonly Measured[]): ArchivePlaces {
  return new ArchivePlaces(dir, { volumes, blobs: [], files: [] } as unknown as ArchiveContents);
}

async function innerContents(dir: string, scan: Scan): Promise<ArchiveContents | undefined> {
  if (scan.inner === undefined) return undefined;
  try {
    return parseContents(Buffer.concat(await readPlace(dir, scan.volumes, scan.inner)).toString("utf8"), CONTENTS_ENTRY);
  } catch {
    return undefined;
  }
}

async function rightBlobs(dir: string, scan: Scan, options: IoOptions): Promise<ArchiveBlob[]> {
  const right = new Map<Digest, ArchiveBlob>();
  const places = placesOf(dir, scan.volumes);
  for (const blob of scan.blobs) {
    const algorithm = blob.digest.slice(0, blob.digest.indexOf(":"));
    const hash = createHash(algorithm);
    try {
      for await (const chunk of places.read(blob, options)) hash.update(chunk);
    } catch {
      continue;
    }
    if (`${algorithm}:${hash.digest("hex")}` === blob.digest && !right.has(blob.digest)) right.set(blob.digest, blob);
  }
  return [...right.values()];
}

async function rootsOf(dir: string, scan: Scan): Promise<ArchiveRoot[]> {
  const index = scan.files.find(({ name }) => name === "index.json");
  if (index === undefined) return [];
  const listed = IndexFile.parse(Buffer.concat(await readPlace(dir, scan.volumes, index)).toString("utf8"), "index.json").list();
  const roots: ArchiveRoot[] = [];
  for (const { name, descriptor } of listed) {
    const blob = scan.blobs.find(({ digest }) => digest === descriptor.digest);
    if (name === undefined || blob === undefined || blob.bytes > MAX_MANIFEST_BYTES) continue;
    const bytes = Buffer.concat(await readPlace(dir, scan.volumes, blob));
    if (bytes.byteLength === 0) continue;
    roots.push({ name, digest: descriptor.digest, mediaType: manifestMediaType(bytes, undefined), bytes: descriptor.size });
  }
  return roots;
}
