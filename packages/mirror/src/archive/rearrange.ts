import { type ArchiveContents, copyArchives, manifestContents, parseManifest, type VolumeReader } from "@skerry/oci";
import { MirrorError } from "../errors.ts";
import { LOCK_ENTRY } from "./archive-files.ts";
import type { OpenArchive } from "./import-source.ts";
import { isTool } from "./tool.ts";

export interface RearrangeOptions {
  readonly volumeBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** The same archive in volumes of another size. */
export async function splitArchive(archive: OpenArchive, dir: string, options: RearrangeOptions): Promise<ArchiveContents> {
  const { contents } = archive.reader;
  const { createdAt, base, missing } = contents;
  return await copyArchives([archive.reader], dir, {
    ...options,
    name: baseName(contents),
    createdAt,
    base,
    missing,
    files: await filesOf(archive.reader),
  });
}

/**
 * One archive of the newest of several: what it needs, out of all of them. A base and its increments become one archive that
 * relies on less, or on nothing.
 * @throws MirrorError `SELECTION_INVALID` for archives of different image sets
 */
export async function mergeArchives(archives: readonly OpenArchive[], dir: string, options: RearrangeOptions): Promise<ArchiveContents> {
  const isAnswer = ({ reader }: OpenArchive): number => (reader.contents.base.requestDigest === undefined ? 0 : 1);
  const [newest, ...others] = [...archives].sort(
    (a, b) => Date.parse(b.lock.createdAt) - Date.parse(a.lock.createdAt) || isAnswer(a) - isAnswer(b),
  );
  const stranger = others.find(({ lock }) => lock.imageSet.name !== newest?.lock.imageSet.name);
  if (newest === undefined || stranger !== undefined) {
    throw new MirrorError({
      code: "SELECTION_INVALID",
      message: `Cannot merge archives of image sets ${newest?.lock.imageSet.name ?? ""} and ${stranger?.lock.imageSet.name ?? ""}`,
      hint: "Merge a set's own archives: a whole one and those that build on it.",
    });
  }
  const needed = new Set(newest.lock.blobs.map(({ digest }) => digest));
  const readers = [newest, ...others].map(({ reader }) => reader);
  const tools = await toolDigests(newest.reader);
  const { contents } = newest.reader;
  const named = new Set(readers.flatMap((reader) => reader.contents.roots.map(({ name }) => name)));
  const missing = contents.missing.filter(({ origin }) => !named.has(origin));
  const held = (digest: (typeof contents.relies)[number]["digest"]): boolean => readers.some((reader) => reader.holds(digest));
  const whole = contents.relies.every(({ digest }) => held(digest));
  return await copyArchives(readers, dir, {
    ...options,
    name: baseName(contents),
    wants: (digest) => needed.has(digest) || tools.has(digest),
    createdAt: contents.createdAt,
    base: whole ? {} : contents.base,
    missing,
    files: await filesOf(newest.reader),
  });
}

/** What the program in an archive consists of, so that it travels on. */
async function toolDigests(reader: VolumeReader): Promise<ReadonlySet<string>> {
  const root = reader.contents.roots.find(isTool);
  if (root === undefined) return new Set();
  const { bytes, mediaType } = await reader.manifest({ repository: "" }, { ...root, size: root.bytes });
  const manifest = parseManifest(bytes, mediaType, root.name);
  return new Set([root.digest, ...(manifest.kind === "image" ? manifestContents(manifest).map(({ digest }) => digest) : [])]);
}

async function filesOf(reader: VolumeReader): Promise<{ readonly name: string; readonly bytes: Uint8Array }[]> {
  const names = reader.contents.files
    .map(({ name }) => name)
    .filter((name) => name.startsWith("skerry/") && name !== "skerry/contents.json");
  if (!names.includes(LOCK_ENTRY))
    throw new MirrorError({ code: "ARCHIVE_INVALID", message: `Archive ${reader.dir} holds no lock`, subject: reader.dir });
  return await Promise.all(names.map(async (name) => ({ name, bytes: await reader.file(name) })));
}

/** Name of an archive without its identity. */
function baseName(contents: ArchiveContents): string {
  return contents.name.replace(/-[0-9a-f]{8}$/, "");
}
