import { mkdir, open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Descriptor, Digest, Place, Reader } from "@skerry/oci";
import { CatalogError } from "../errors.ts";
import { readTar, type TarEntry } from "../tar/read.ts";
import { HiddenPaths, type LayerEffects, parents } from "./hidden-paths.ts";
import { onDisk } from "./io-failure.ts";
import { layerBytes } from "./layer-bytes.ts";
import { isUnder, layerPath, whiteout } from "./layer-path.ts";
import { resolveLinks } from "./links.ts";

/** Bounds of what is written to disk. */
export interface ExtractLimits {
  readonly files: number;
  readonly fileBytes: number;
  readonly totalBytes: number;
}

export const EXTRACT_LIMITS: ExtractLimits = { files: 200_000, fileBytes: 4 * 1024 ** 3, totalBytes: 16 * 1024 ** 3 };

export interface ExtractRequest {
  readonly reader: Reader;
  readonly place: Place;
  /** From the bottom up, as in the manifest. */
  readonly layers: readonly Descriptor[];
  /** Directories or files to take, relative to the image's root. */
  readonly roots: readonly string[];
  /** Where they go, with their whole paths; has to exist. */
  readonly directory: string;
  /** Narrows what is taken below the roots. */
  readonly wanted?: ((path: string) => boolean) | undefined;
  readonly limits?: ExtractLimits | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Extracted {
  /** Path and size of every file, relative to the image's root. */
  readonly files: ReadonlyMap<string, number>;
  /** Layers that held something of the roots, also if only a whiteout. */
  readonly layers: readonly Digest[];
  /** Members of the roots that could not be taken: links out of the roots, devices. */
  readonly left: readonly { readonly path: string; readonly why: string }[];
}

/**
 * Writes the files of some directories of an image to disk, as the image's file system would show them: whiteouts of
 * upper layers are honoured, links within the roots are followed, everything else of the image is only passed over.
 * Directories are 0700 and files 0600 whatever the image says.
 * @throws CatalogError `LIMIT_EXCEEDED`, `CATALOG_INVALID`, and whatever the reader throws
 */
export async function extractFromImage(request: ExtractRequest): Promise<Extracted> {
  const hidden = new HiddenPaths();
  const state: State = { request, hidden, files: new Map(), links: new Map(), left: [], directories: new Set(), total: 0 };
  const used: Digest[] = [];
  for (const layer of request.layers.toReversed()) {
    if (request.roots.every((root) => hidden.hidesAllOf(root))) break;
    if (await extractLayer(state, layer)) used.push(layer.digest);
  }
  await resolveLinks(state);
  return { files: state.files, layers: used.reverse(), left: state.left };
}

interface State {
  readonly request: ExtractRequest;
  readonly hidden: HiddenPaths;
  readonly files: Map<string, number>;
  readonly links: Map<string, { readonly target: string; readonly hard: boolean }>;
  readonly left: { path: string; why: string }[];
  readonly directories: Set<string>;
  total: number;
}

async function extractLayer(state: State, layer: Descriptor): Promise<boolean> {
  const { reader, place, signal, roots } = state.request;
  const effects: LayerEffects = { gone: new Set(), opaque: new Set(), directories: new Set() };
  const seen = new Map<string, "file" | "directory">();
  let used = false;
  for await (const entry of readTar(layerBytes(reader, { place, layer }, signal))) {
    const path = layerPath(entry.path);
    if (path === undefined || path === "" || !isRelevant(path, roots)) continue;
    const white = whiteout(path);
    noteEffect(effects, entry, path);
    if (!roots.some((root) => isUnder(path, root)) && white === undefined) {
      if (entry.kind === "symlink" || entry.kind === "hardlink") state.left.push({ path, why: `it is a link to ${entry.link}` });
      continue;
    }
    used = true;
    if (white === undefined && entry.kind !== "directory") await takeMember(state, { entry, path, seen });
  }
  state.hidden.add(effects);
  return used;
}

function noteEffect(effects: LayerEffects, entry: TarEntry, path: string): void {
  const white = whiteout(path);
  if (white !== undefined) (white.kind === "opaque" ? effects.opaque : effects.gone).add(white.path);
  else if (entry.kind === "directory") effects.directories.add(path);
  else effects.gone.add(path);
  for (const directory of parents(path)) effects.directories.add(directory);
}

/** Members below a root, and members that are or hide a parent of one. */
function isRelevant(path: string, roots: readonly string[]): boolean {
  const white = whiteout(path);
  const at = white === undefined ? path : white.path;
  return roots.some((root) => isUnder(path, root) || isUnder(root, at));
}

async function takeMember(
  state: State,
  member: { readonly entry: TarEntry; readonly path: string; readonly seen: Map<string, string> },
): Promise<void> {
  const { entry, path, seen } = member;
  if (state.hidden.hidesFile(path) || state.request.wanted?.(path) === false) return;
  // The same path twice in one layer: the later member wins, as with every unpacker.
  if (seen.has(path)) {
    state.files.delete(path);
    state.links.delete(path);
  }
  seen.set(path, entry.kind);
  if (entry.kind === "file") await takeFile(state, entry, path);
  else if (entry.kind === "other") state.left.push({ path, why: "it is a device, pipe or socket" });
  else state.links.set(path, { target: entry.link, hard: entry.kind === "hardlink" });
}

async function takeFile(state: State, entry: TarEntry, path: string): Promise<void> {
  const limits = state.request.limits ?? EXTRACT_LIMITS;
  state.total += entry.size;
  if (entry.size > limits.fileBytes) throw tooMuch(path, `the file has ${entry.size} bytes, at most ${limits.fileBytes} are read`);
  if (state.total > limits.totalBytes) throw tooMuch(path, `the files have more than ${limits.totalBytes} bytes together`);
  if (state.files.size >= limits.files) throw tooMuch(path, `there are more than ${limits.files} files`);
  const target = join(state.request.directory, path);
  await onDisk({ action: "extract", path: target }, async () => {
    await makeDirectory(state, dirname(path));
    await writeFile(target, entry.content);
  });
  state.files.set(path, entry.size);
}

async function makeDirectory(state: State, path: string): Promise<void> {
  if (state.directories.has(path)) return;
  await mkdir(join(state.request.directory, path), { recursive: true, mode: 0o700 });
  state.directories.add(path);
}

async function writeFile(target: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  await rm(target, { force: true });
  const file = await open(target, "wx", 0o600);
  try {
    for await (const chunk of content) await file.write(chunk);
  } finally {
    await file.close();
  }
}

function tooMuch(path: string, why: string): CatalogError {
  return new CatalogError({
    code: "LIMIT_EXCEEDED",
    message: `Cannot extract ${JSON.stringify(path)} from the image: ${why}`,
    subject: path,
    hint: "Do not use this image; no catalog is that large.",
  });
}
