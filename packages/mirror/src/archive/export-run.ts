import { stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type ArchiveContents,
  type ArchivePlan,
  type ArchiveSignature,
  archiveName,
  type Digest,
  earlierContents,
  type Gates,
  type OciError,
  openVolumeWriter,
  type PlannedContent,
  planArchive,
  type TransferEvent,
  type TransferOptions,
  type TransferReport,
  transfer,
  type VolumeWriterOptions,
} from "@skerry/oci";
import { imageKey } from "../lock/build.ts";
import { formatLock } from "../lock/format.ts";
import type { ImageSetLock } from "../lock/types.ts";
import type { LockedImage } from "../plan/types.ts";
import { openConnected } from "../run/connected.ts";
import type { RunContext } from "../run/context.ts";
import { type MirrorReport, mirrorReport } from "../run/report.ts";
import type { SourceOf } from "../run/roots.ts";
import { writeWorkspaceFile } from "../workspace/workspace.ts";
import { archiveBytes, archiveFiles, LOCK_ENTRY, lackingImages } from "./archive-files.ts";
import { type ArchiveSelection, archiveRoots, contentOf } from "./archive-roots.ts";
import type { FarSide } from "./far-side.ts";
import { checkRoom } from "./room.ts";
import { sha256Hex } from "./sha256.ts";
import { type Tool, type ToolArtifact, toolArtifact, writeTool } from "./tool.ts";

export interface ExportOptions {
  readonly volumeBytes: number;
  /** What the far side has or wants, out of where this side reads from. */
  readonly farSide: (near: { readonly lock: ImageSetLock; readonly source: SourceOf }) => Promise<FarSide>;
  readonly externalLayers: "keep" | "include";
  readonly failFast: boolean;
  /** Tries of one blob, and a reason not to begin another one now. */
  readonly tries?: number | undefined;
  readonly hold?: TransferOptions["hold"];
  readonly gates?: Gates | undefined;
  readonly onEvent?: ((event: TransferEvent) => void) | undefined;
  readonly onVolume?: VolumeWriterOptions["onVolume"];
  /** Finished volumes leave the disk, or somebody changes it: room for one is enough to begin. */
  readonly spills?: boolean | undefined;
  /**
   * After a disk that was full before a volume was finished: what was written ahead of its turn is given up, and the rest is
   * written in the archive's order, one blob after the other.
   */
  readonly inOrder?: boolean | undefined;
  /** The program itself, to travel along; what answers a request holds nothing else. */
  readonly tool?: Tool | undefined;
  /** Signs the contents file once the archive is whole. */
  readonly signer?: ArchiveSigner | undefined;
}

/** Makes the detached signature beside an archive. */
export interface ArchiveSigner {
  readonly signature: ArchiveSignature;
  write(dir: string): Promise<void>;
}

export interface ExportRun {
  readonly lock: ImageSetLock;
  /** Folder of the archive, and the same as the user wrote it. */
  readonly dir: string;
  readonly text: string;
  readonly options: ExportOptions;
  readonly files: MirrorReport["files"];
  readonly counts: () => { readonly requests: MirrorReport["requests"]; readonly retries: number };
}

/** The report of an export: what moved, and what the archive is. */
export interface ExportReport extends MirrorReport {
  readonly archive: {
    readonly name: string;
    readonly volumes: readonly { readonly name: string; readonly bytes: number }[];
    readonly bytes: number;
    readonly relies: number;
    readonly missing: ArchiveContents["missing"];
  } | null;
}

/**
 * Writes the images of a lock into an archive, straight from their sources and in one pass. An image that fails leaves an
 * archive that holds the others and says what it lacks; the same command brings it in later. Where none can be had there is no
 * archive, and an older one stays.
 * @throws MirrorError `SPACE_SHORT`; OciError `BUSY`, `NO_SPACE`
 */
export async function runExport(run: ExportRun, context: RunContext): Promise<ExportReport> {
  const { lock, options } = run;
  const startedAt = context.now();
  await using connected = await openConnected(lock, context);
  const all: ArchiveSelection = { lock, source: connected.source, externalLayers: options.externalLayers, signal: context.signal };
  const farSide = await options.farSide({ lock, source: connected.source });
  const { contents, known, images } = await planned(all, farSide);
  const selection = images === undefined ? all : { ...all, only: (image: LockedImage) => images.has(image) };
  const tool = options.tool === undefined || farSide.wanted !== undefined ? undefined : toolArtifact(options.tool);
  const plan = planArchive([...toolContents(tool), ...contents], options.volumeBytes);
  const whole = await wholeArchive(run, plan);
  const written =
    whole !== undefined
      ? { contents: whole, report: nothingToDo(selection) }
      : contents.length === 0
        ? { contents: undefined, report: NOTHING_MOVED }
        : await write(run, { plan, selection, context, tool, farSide: { ...farSide, blobs: known } });
  const report = mirrorReport({
    lock,
    transfer: written.report,
    target: { text: run.text, prefix: "", maxNestedPaths: 0 },
    startedAt,
    endedAt: context.now(),
    ...run.counts(),
    files: run.files,
  });
  const exported = { ...report, archive: written.contents === undefined ? null : archiveRow(written.contents) };
  await writeWorkspaceFile(context.workspace, "report.json", `${JSON.stringify(exported, undefined, 1)}\n`);
  return exported;
}

/** What travels, in the order in which it is written, and what stays out of the archive. */
interface Planned {
  readonly contents: readonly PlannedContent[];
  readonly known: ReadonlyMap<Digest, readonly string[]>;
  readonly images: ReadonlySet<LockedImage> | undefined;
}

/**
 * Blobs before the manifests that hold them, image after image. What the far side has is left out; manifests always travel,
 * so that an archive says what it consists of. A request takes only what it names, and the manifests that lead there.
 */
async function planned(selection: ArchiveSelection, farSide: FarSide): Promise<Planned> {
  const { wanted } = farSide;
  const all = await contentOf(selection);
  const contents: PlannedContent[] = [];
  if (wanted === undefined) {
    for (const image of all) contents.push(...image.blobs.filter(({ digest }) => !farSide.blobs.has(digest)), ...image.manifests);
    return { contents: writable(contents), known: farSide.blobs, images: undefined };
  }
  const known = new Map<Digest, readonly string[]>();
  const images = new Set<LockedImage>();
  for (const { image, blobs, manifests } of all) {
    if (![...blobs, ...manifests].some(({ digest }) => wanted.has(digest))) continue;
    images.add(image);
    // Who lacks a manifest cannot say what it holds.
    const isWanted = manifests.some(({ digest }) => wanted.has(digest)) ? () => true : (digest: Digest) => wanted.has(digest);
    contents.push(...blobs.filter(({ digest }) => isWanted(digest)), ...manifests);
    for (const { digest } of blobs) if (!isWanted(digest)) known.set(digest, [image.destination.repository]);
  }
  return { contents: writable(contents), known, images };
}

/** First of all, so that it lies in the first volume. */
function toolContents(tool: ToolArtifact | undefined): readonly PlannedContent[] {
  return tool === undefined ? [] : [...tool.contents.map(([descriptor]) => descriptor), tool.manifest];
}

/** Digests of other algorithms are too long for names of a plain tar. */
function writable(contents: readonly PlannedContent[]): PlannedContent[] {
  return contents.filter(({ digest }) => digest.startsWith("sha256:"));
}

interface Writing {
  readonly plan: ArchivePlan;
  readonly selection: ArchiveSelection;
  readonly context: RunContext;
  readonly tool: ToolArtifact | undefined;
  readonly farSide: FarSide;
}

async function write(
  run: ExportRun,
  { plan, selection, context, tool, farSide }: Writing,
): Promise<{ readonly contents: ArchiveContents | undefined; readonly report: TransferReport }> {
  const { lock, dir, options } = run;
  const stop = new AbortController();
  const failures: OciError[] = [];
  await using writer = await openVolumeWriter(dir, {
    name: archiveName(lock.imageSet.name),
    plan,
    known: farSide.blobs,
    givesUpAhead: options.inOrder,
    ...(options.onVolume === undefined ? {} : { onVolume: options.onVolume }),
    onFull: (failure) => {
      failures.push(failure);
      stop.abort(failure);
    },
    signal: context.signal,
  });
  const missingBytes = writer.missingBytes + 2 * formatLock(lock).length;
  const neededBytes = options.spills === true ? Math.min(missingBytes, options.volumeBytes) : missingBytes;
  await checkRoom(dir, neededBytes, `write the archive to ${dir}`);
  if (tool !== undefined) await writeTool(writer, tool);
  const signal = context.signal === undefined ? stop.signal : AbortSignal.any([context.signal, stop.signal]);
  const report = await transfer(archiveRoots(selection), writer, {
    gates: options.gates,
    tries: options.tries,
    ...(options.inOrder === true ? { window: 1, concurrency: 1 } : {}),
    hold: options.hold,
    externalLayers: options.externalLayers,
    signal,
    onEvent: (event) => {
      if (options.failFast && event.event === "image.end" && event.outcome.outcome === "failed") stop.abort(new Error("an image failed"));
      options.onEvent?.(event);
    },
  });
  const [full] = failures;
  if (full !== undefined) throw full;
  if (context.signal?.aborted === true) return { contents: undefined, report: { ...report, interrupted: true } };
  if (farSide.wanted === undefined && gotNothing(lock, report)) return { contents: undefined, report: { ...report, interrupted: false } };
  const missing = lackingImages(lock, report);
  const contents = await writer.finish({
    createdAt: lock.createdAt,
    base: farSide.base,
    files: archiveFiles(lock, missing),
    missing,
    signatures: options.signer === undefined ? [] : [options.signer.signature],
  });
  await options.signer?.write(dir);
  return { contents, report: { ...report, interrupted: false } };
}

/** Nothing arrived, or catalogs that were made on this side and nothing of what they name. */
function gotNothing(lock: ImageSetLock, { outcomes }: TransferReport): boolean {
  const catalogs = new Set(lock.images.filter(({ kind }) => kind === "catalog").map(imageKey));
  const named = outcomes.filter(({ id }) => !catalogs.has(id));
  return (named.length === 0 ? outcomes : named).every(({ outcome }) => outcome === "failed" || outcome === "skipped");
}

/** The archive that lies there, when it is already what this run would write. */
async function wholeArchive(run: ExportRun, plan: ArchivePlan): Promise<ArchiveContents | undefined> {
  const contents = await earlierContents(run.dir);
  if (contents?.plan !== plan.id || contents.missing.length > run.lock.missing.length) return undefined;
  const there = new Set(contents.blobs.map(({ digest }) => digest));
  const lockFile = contents.files.find(({ name }) => name === LOCK_ENTRY);
  const isSame =
    plan.entries.every(({ digest }) => digest === undefined || there.has(digest)) &&
    lockFile?.sha256 === sha256Hex(new TextEncoder().encode(formatLock(run.lock))) &&
    contents.signatures[0]?.keyId === run.options.signer?.signature.keyId;
  if (!isSame) return undefined;
  for (const { name, bytes } of contents.volumes) {
    const found = await stat(join(run.dir, name)).catch(() => undefined);
    if (found?.size !== bytes) return undefined;
  }
  return contents;
}

const NOTHING_MOVED: TransferReport = {
  outcomes: [],
  moved: { blobs: 0, bytes: 0, manifests: 0, mountedBlobs: 0, mountedBytes: 0, presentBlobs: 0, presentBytes: 0 },
  retries: 0,
  interrupted: false,
};

function nothingToDo(selection: ArchiveSelection): TransferReport {
  const images = selection.lock.images.filter((image) => selection.only?.(image) !== false);
  return {
    ...NOTHING_MOVED,
    outcomes: images.map((image) => ({
      id: imageKey(image),
      outcome: "present",
      descriptor: { mediaType: image.mediaType, digest: image.digest, size: image.manifestBytes },
    })),
  };
}

function archiveRow(contents: ArchiveContents): NonNullable<ExportReport["archive"]> {
  return {
    name: contents.name,
    volumes: contents.volumes.map(({ name, bytes }) => ({ name, bytes: bytes ?? 0 })),
    bytes: archiveBytes(contents),
    relies: contents.relies.length,
    missing: contents.missing,
  };
}
