import { type FileHandle, mkdir, open, readdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeFileAtomic } from "@skerry/oci";

/** Text as a whole, or in pieces that are made anew each time they are asked for. */
export type Text = string | (() => Iterable<string>);

/** Bytes that are compared or written at once. */
const BATCH_BYTES = 64 * 1024;

/** Replaces a text file atomically, making its folder where needed. */
export async function writeTextFile(path: string, text: Text): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, batches(text));
}

/** Writes only what is different, so that a run that changes nothing touches nothing. True when it wrote. */
export async function writeIfChanged(path: string, text: Text): Promise<boolean> {
  if (await holds(path, text)) return false;
  await writeTextFile(path, text);
  return true;
}

/** Whether a file holds exactly this text. */
async function holds(path: string, text: Text): Promise<boolean> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
  try {
    const buffer = Buffer.allocUnsafe(2 * BATCH_BYTES);
    let position = 0;
    for (const batch of batches(text)) {
      for (let at = 0; at < batch.byteLength; ) {
        const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.byteLength, batch.byteLength - at), position);
        if (bytesRead === 0 || buffer.compare(batch, at, at + bytesRead, 0, bytesRead) !== 0) return false;
        at += bytesRead;
        position += bytesRead;
      }
    }
    return (await file.stat()).size === position;
  } finally {
    await file.close();
  }
}

/** A text as bytes, many small pieces together. */
export function* batches(text: Text): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let held: string[] = [];
  let length = 0;
  for (const piece of typeof text === "string" ? [text] : text()) {
    held.push(piece);
    length += piece.length;
    if (length < BATCH_BYTES) continue;
    yield encoder.encode(held.join(""));
    held = [];
    length = 0;
  }
  if (length > 0) yield encoder.encode(held.join(""));
}

/** The text of a file, or undefined when there is none. */
export async function readTextFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

/** Removes what a killed run left under a temporary name in these folders. Only for who holds the workspace. */
export async function sweepTemporary(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    for (const name of await namesIn(folder)) {
      if (/\.(?:tmp|dead)$/.test(name)) await rm(join(folder, name), { force: true });
    }
  }
}

/** Removes files of a folder that are not among `kept`: resources of an earlier run that are no longer right. */
export async function keepOnly(folder: string, kept: ReadonlySet<string>): Promise<void> {
  for (const name of await namesIn(folder)) if (!kept.has(name)) await rm(join(folder, name), { force: true, recursive: true });
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}
