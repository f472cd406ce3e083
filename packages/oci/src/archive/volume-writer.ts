import { createHash } from "node:crypto";
import { join } from "node:path";
import { OciError } from "../errors.ts";
import type { Descriptor } from "../model/descriptor.ts";
import { type Digest, digestAlgorithm, digestHex } from "../model/digest.ts";
import { parseManifest } from "../model/manifest.ts";
import { MEDIA_TYPES } from "../model/media-types.ts";
import { checkManifest } from "../store/check-manifest.ts";
import { writeFileAtomic } from "../store/disk/atomic-file.ts";
import type { FileLock } from "../store/disk/lock-file.ts";
import { spaceAt } from "../store/disk/space.ts";
import { IndexFile } from "../store/layout/index-file.ts";
import { layoutBlobName } from "../store/tar/tar-content.ts";
import { padded, TAR_BLOCK, tarHeader } from "../store/tar/tar-header.ts";
import type { BlobWrite, ManifestBytes, Place, Spacer, Writer } from "../store/types.ts";
import { type ArchivePlan, bodyOf, endOf, type PlacedEntry } from "./archive-plan.ts";
import {
  type ArchiveContents,
  type ArchiveFile,
  type ArchiveRoot,
  type ArchiveVolume,
  CONTENTS_ENTRY,
  CONTENTS_FILE,
  formatContents,
  type ReliedContent,
} from "./contents.ts";
import { volumeOf } from "./cutter.ts";
import { EntryWrite } from "./entry-write.ts";
import { removeOlder } from "./older-archives.ts";
import { sourceName } from "./source-name.ts";
import { type FinishedVolume, VolumeDigests } from "./volume-digests.ts";
import type { VolumeFiles } from "./volume-files.ts";
import type { WritingJournal } from "./writing-journal.ts";

export interface VolumeWriterOptions {
  /** Base of the volumes' names, made by `archiveName`. */
  readonly name: string;
  readonly plan: ArchivePlan;
  /** Content that the far side has, and where: it is not written. */
  readonly known?: ReadonlyMap<Digest, readonly string[]>;
  /** Removes what an earlier attempt wrote into volumes beyond the first open one: it took the room that the first needs. */
  readonly givesUpAhead?: boolean | undefined;
  /** Told when a volume will not change again; it may be carried away then. What it throws ends the archive. */
  readonly onVolume?: (path: string, volume: FinishedVolume) => Promise<void>;
  /** Told when the disk takes no more: nothing else need be fetched for it. */
  readonly onFull?: (failure: OciError) => void;
  readonly signal?: AbortSignal | undefined;
}

/** What the writer of an archive adds at its end. */
export interface ArchiveEnd {
  readonly createdAt: string;
  readonly base: ArchiveContents["base"];
  /** Files besides the images: `skerry/imageset.lock` and the like, in this order. */
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  readonly missing: ArchiveContents["missing"];
  /** What the archive relies on besides what was found to be known while it was written. */
  readonly relies?: readonly ReliedContent[];
  readonly signatures: ArchiveContents["signatures"];
}

/** What {@link VolumeWriter} is made of. */
export interface VolumeWriterParts {
  readonly options: VolumeWriterOptions;
  readonly lock: FileLock;
  readonly files: VolumeFiles;
  readonly journal: WritingJournal;
  readonly done: ReadonlySet<Digest>;
  readonly finished: Map<number, FinishedVolume>;
}

/** Writes images into the volumes of an archive, each content to the place that was planned for it. */
export class VolumeWriter implements Writer, Spacer, AsyncDisposable {
  readonly name: string;
  readonly checksContent = true;
  readonly #dir: string;
  readonly #archive: string;
  readonly #parts: VolumeWriterParts;
  readonly #digests: VolumeDigests;
  readonly #entries: PlacedEntry[];
  readonly #places = new Map<Digest, PlacedEntry>();
  readonly #done = new Set<Digest>();
  readonly #children = new Set<Digest>();
  readonly #relies = new Map<Digest, ReliedContent>();
  readonly #roots = new Map<string, ArchiveRoot>();
  readonly #index: IndexFile = IndexFile.empty();
  /** Entries before this one are complete. */
  #complete = 0;
  #open = true;

  /** Use `openVolumeWriter`. */
  constructor(dir: string, archive: string, parts: VolumeWriterParts) {
    this.name = `archive:${dir}`;
    this.#dir = dir;
    this.#archive = archive;
    this.#parts = parts;
    this.#entries = [...parts.options.plan.entries];
    for (const entry of this.#entries) if (entry.digest !== undefined) this.#places.set(entry.digest, entry);
    for (const digest of parts.done) this.#done.add(digest);
    this.#digests = new VolumeDigests(parts.files, parts.options.plan.cutter.starts, {
      finished: parts.finished,
      onFinished: (index, volume) => this.#volumeFinished(index, volume),
    });
  }

  /** Writes what is known beforehand. */
  async begun(): Promise<void> {
    for (const entry of this.#entries) {
      if (entry.digest !== undefined) continue;
      if (!this.#isFinished(entry)) await this.#put(entry, entry.bytes ?? new Uint8Array());
    }
    this.#follow();
  }

  async has(_at: Place, descriptor: Descriptor): Promise<boolean> {
    if (this.#done.has(descriptor.digest)) return true;
    const repositories = this.#parts.options.known?.get(descriptor.digest);
    if (repositories === undefined) return false;
    this.#relies.set(descriptor.digest, { digest: descriptor.digest, bytes: descriptor.size, repositories });
    return true;
  }

  async resolve(at: Place, name: string): Promise<Descriptor | undefined> {
    return this.#index.byName(sourceName(at, name));
  }

  async begin(_at: Place, descriptor: Descriptor): Promise<BlobWrite> {
    const entry = this.#entryOf(descriptor);
    return new EntryWrite(entry, descriptor, { files: this.#parts.files, committed: () => this.#committed(descriptor.digest) });
  }

  async putManifest(at: Place, descriptor: Descriptor, manifest: ManifestBytes, tags: readonly string[]): Promise<void> {
    checkManifest(descriptor, manifest);
    if (!this.#done.has(descriptor.digest)) {
      await this.#put(this.#entryOf(descriptor), manifest.bytes);
      await this.#committed(descriptor.digest);
    }
    const entry = { ...descriptor, mediaType: indexType(manifest.mediaType) };
    const parsed = parseManifest(manifest.bytes, manifest.mediaType, descriptor.digest);
    for (const { digest } of parsed.kind === "index" ? parsed.manifests : []) {
      this.#children.add(digest);
      this.#index.dropUnnamed(digest);
    }
    if (this.#index.byDigest(descriptor.digest) === undefined && !this.#children.has(descriptor.digest)) this.#index.addUnnamed(entry);
    for (const tag of tags) {
      const name = sourceName(at, tag);
      this.#index.setName(name, entry);
      this.#roots.set(name, { name, digest: descriptor.digest, mediaType: manifest.mediaType, bytes: descriptor.size });
    }
  }

  space(): Promise<{ readonly where: string; readonly freeBytes: number }> {
    return spaceAt(this.#dir);
  }

  /** Bytes of the planned entries that are not written yet. */
  get missingBytes(): number {
    let bytes = 0;
    for (const entry of this.#entries) if (entry.digest !== undefined && !this.#done.has(entry.digest)) bytes += endOf(entry) - entry.start;
    return bytes;
  }

  /**
   * Ends the archive: what was planned and not written becomes an entry that says so, then the files, `index.json`, the
   * contents and the end mark follow, and the contents appear beside the volumes. What an older archive of the folder had is
   * removed when this one is whole.
   */
  async finish(end: ArchiveEnd): Promise<ArchiveContents> {
    await this.#fillHoles();
    const written: ArchiveFile[] = [];
    for (const { name, bytes } of [...end.files, { name: "index.json", bytes: this.#index.bytes() }]) {
      written.push(await this.#file(name, bytes));
    }
    await this.#inner({ end, files: written });
    await this.#endMark();
    await this.#digests.end();
    const contents = this.#contents(end, written);
    await writeFileAtomic(join(this.#dir, CONTENTS_FILE), Buffer.from(formatContents(contents)));
    await removeOlder(this.#dir, { archive: this.#archive, volumes: contents.volumes.map(({ name }) => name) });
    await this.#parts.journal.remove();
    return contents;
  }

  /** Gives the folder back. An archive that was not ended continues when it is opened again. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    try {
      await this.#digests.settled().catch(() => undefined);
      await this.#digests.close();
      await this.#parts.journal.close().catch(() => undefined);
      await this.#parts.files.closeAll();
    } finally {
      await this.#parts.lock.release();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #entryOf(descriptor: Descriptor): PlacedEntry {
    const planned = this.#places.get(descriptor.digest);
    if (planned !== undefined && planned.size === descriptor.size) return planned;
    if (digestAlgorithm(descriptor.digest) !== "sha256") {
      throw new OciError({
        code: "UNSUPPORTED",
        message: `Cannot write ${descriptor.digest} into an archive: its name is too long for a plain tar`,
        subject: descriptor.digest,
        hint: "Carry this image by itself: 'skerry copy' writes it into an OCI layout, oci:DIR.",
      });
    }
    const entry = {
      name: layoutBlobName(descriptor.digest),
      size: descriptor.size,
      start: this.#parts.options.plan.cutter.entry(descriptor.size),
      digest: descriptor.digest,
    };
    this.#entries.push(entry);
    this.#places.set(descriptor.digest, entry);
    return entry;
  }

  async #put(entry: PlacedEntry, bytes: Uint8Array): Promise<void> {
    const gap = new Uint8Array(padded(entry.size) - entry.size);
    await this.#parts.files.write(entry.start, [tarHeader(entry), bytes, gap]);
  }

  async #committed(digest: Digest): Promise<void> {
    this.#done.add(digest);
    this.#follow();
    await this.#parts.journal.blob(digest);
  }

  /** Lets the hash follow to the first entry that is not complete. */
  #follow(): void {
    for (;;) {
      const entry = this.#entries[this.#complete];
      if (entry === undefined || (entry.digest !== undefined && !this.#done.has(entry.digest))) break;
      this.#complete += 1;
    }
    this.#digests.advance(this.#entries[this.#complete]?.start ?? this.#parts.options.plan.cutter.position);
  }

  async #fillHoles(): Promise<void> {
    const { starts } = this.#parts.options.plan.cutter;
    const last = this.#entries.at(-1);
    const end = last === undefined ? 0 : endOf(last);
    for (let index = 0; index <= volumeOf(starts, Math.max(0, end - 1)); index++) {
      const bytes = Math.min(end, starts[index + 1] ?? end) - (starts[index] ?? 0);
      if (!this.#parts.finished.has(index)) await this.#parts.files.truncate(index, bytes);
    }
    for (const entry of this.#entries) {
      if (entry.digest === undefined || this.#done.has(entry.digest)) continue;
      await this.#parts.files.write(entry.start, [tarHeader({ name: `skerry/unfilled/${digestHex(entry.digest)}`, size: entry.size })]);
    }
    this.#complete = this.#entries.length;
    this.#digests.advance(end);
  }

  async #file(name: string, bytes: Uint8Array): Promise<ArchiveFile> {
    const { cutter } = this.#parts.options.plan;
    const entry = { name, size: bytes.byteLength, start: cutter.entry(bytes.byteLength) };
    await this.#put(entry, bytes);
    this.#digests.advance(endOf(entry));
    return { name, ...this.#placeOf(entry), sha256: createHash("sha256").update(bytes).digest("hex") };
  }

  /** The contents as an entry: every volume before the one that holds it has its hash. */
  async #inner(what: { readonly end: ArchiveEnd; readonly files: readonly ArchiveFile[] }): Promise<void> {
    const { cutter } = this.#parts.options.plan;
    await this.#digests.settled();
    let text = Buffer.from(formatContents(this.#contents(what.end, what.files)));
    if (!cutter.fits(text.byteLength)) {
      cutter.cut();
      await this.#digests.settled();
      text = Buffer.from(formatContents(this.#contents(what.end, what.files)));
    }
    await this.#file(CONTENTS_ENTRY, text);
  }

  async #endMark(): Promise<void> {
    const { cutter } = this.#parts.options.plan;
    const position = cutter.end();
    await this.#parts.files.write(position, [new Uint8Array(2 * TAR_BLOCK)]);
    const last = cutter.starts.length - 1;
    await this.#parts.files.truncate(last, cutter.position - (cutter.starts[last] ?? 0));
    this.#digests.advance(cutter.position);
  }

  #contents(end: ArchiveEnd, files: readonly ArchiveFile[]): ArchiveContents {
    const { plan } = this.#parts.options;
    const volumes: ArchiveVolume[] = plan.cutter.starts.map((_, index) => {
      return this.#parts.finished.get(index) ?? { name: this.#parts.files.name(index) };
    });
    const blobs = this.#entries.flatMap((entry) => {
      const { digest } = entry;
      return digest === undefined || !this.#done.has(digest) ? [] : [{ digest, ...this.#placeOf(entry) }];
    });
    return {
      apiVersion: "skerry.dev/v1",
      kind: "ArchiveContents",
      version: 1,
      name: this.#archive,
      createdAt: end.createdAt,
      plan: plan.id,
      base: end.base,
      volumes,
      blobs,
      files,
      roots: [...this.#roots.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
      relies: [...(end.relies ?? []), ...this.#relies.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1)),
      missing: end.missing,
      signatures: end.signatures,
    };
  }

  #placeOf(entry: PlacedEntry): { readonly volume: number; readonly offset: number; readonly bytes: number } {
    const { starts } = this.#parts.options.plan.cutter;
    const volume = volumeOf(starts, bodyOf(entry));
    return { volume: volume + 1, offset: bodyOf(entry) - (starts[volume] ?? 0), bytes: entry.size };
  }

  #isFinished(entry: PlacedEntry): boolean {
    const { starts } = this.#parts.options.plan.cutter;
    return this.#parts.finished.has(volumeOf(starts, entry.start)) && this.#parts.finished.has(volumeOf(starts, endOf(entry) - 1));
  }

  async #volumeFinished(index: number, volume: FinishedVolume): Promise<void> {
    await this.#parts.journal.volume(index, volume);
    await this.#parts.options.onVolume?.(this.#parts.files.path(index), volume);
  }
}

/**
 * The type under which index.json lists a manifest. skopeo and podman find only OCI types there by name (skopeo 1.9); what
 * the manifest is, its own bytes say.
 */
function indexType(mediaType: string): string {
  if (mediaType === MEDIA_TYPES.dockerManifest) return MEDIA_TYPES.ociManifest;
  return mediaType === MEDIA_TYPES.dockerList ? MEDIA_TYPES.ociIndex : mediaType;
}
