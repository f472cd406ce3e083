import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeFileAtomic } from "@skerry/oci";

/** Replaces a text file atomically, making its folder where needed. */
export async function writeTextFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, new TextEncoder().encode(text));
}

/** Writes only what is different, so that a run that changes nothing touches nothing. True when it wrote. */
export async function writeIfChanged(path: string, text: string): Promise<boolean> {
  if ((await readTextFile(path)) === text) return false;
  await writeTextFile(path, text);
  return true;
}

/** The text of a file, or undefined when there is none. */
export async function readTextFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return undefined;
    throw error;
  }
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
