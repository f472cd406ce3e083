import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { formatLock, sameLock } from "../lock/format.ts";
import { parseLock } from "../lock/parse.ts";
import type { ImageSetLock } from "../lock/types.ts";
import { readTextFile, writeFileAtomic, writeIfChanged } from "./files.ts";

/** Paths of a workspace; safe to delete, deleting costs only time. */
export interface Workspace {
  readonly dir: string;
  readonly lockFile: string;
  /** Manifests by digest, catalogs read, images built: private. */
  readonly cacheDir: string;
  readonly journalDir: string;
  readonly temporaryDir: string;
  readonly resourcesDir: string;
}

/** Lays a workspace out; creates the private folders. */
export async function openWorkspace(dir: string): Promise<Workspace> {
  const workspace: Workspace = {
    dir,
    lockFile: join(dir, "imageset.lock"),
    cacheDir: join(dir, "cache"),
    journalDir: join(dir, "journal"),
    temporaryDir: join(dir, "cache", "tmp"),
    resourcesDir: join(dir, "cluster-resources"),
  };
  await mkdir(workspace.dir, { recursive: true });
  for (const path of [workspace.cacheDir, workspace.journalDir, workspace.temporaryDir])
    await mkdir(path, { recursive: true, mode: 0o700 });
  return workspace;
}

/** The lock of the last plan, or undefined. */
export async function readWorkspaceLock(workspace: Workspace): Promise<ImageSetLock | undefined> {
  return await readLockFile(workspace.lockFile);
}

/** A lock from a file, or undefined when there is no such file. @throws MirrorError `LOCK_INVALID` */
export async function readLockFile(path: string): Promise<ImageSetLock | undefined> {
  const text = await readTextFile(path);
  return text === undefined ? undefined : parseLock(text, path);
}

/** Keeps a lock; one that is equal but for its time is not written again. Returns the one that lies there now. */
export async function writeWorkspaceLock(
  workspace: Workspace,
  lock: ImageSetLock,
  previous: ImageSetLock | undefined,
): Promise<ImageSetLock> {
  if (previous !== undefined && sameLock(previous, lock)) return previous;
  await writeFileAtomic(workspace.lockFile, formatLock(lock));
  return lock;
}

/** Writes a file of the workspace when its content is new. Returns its path. */
export async function writeWorkspaceFile(workspace: Workspace, name: string, text: string): Promise<string> {
  const path = join(workspace.dir, name);
  await writeIfChanged(path, text);
  return path;
}
