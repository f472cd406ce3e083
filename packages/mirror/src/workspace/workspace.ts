import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type FileLock, isOciError, makeFolder, takeLock } from "@skerry/oci";
import { MirrorError } from "../errors.ts";
import { lockPieces, sameLock } from "../lock/format.ts";
import { parseLock } from "../lock/parse.ts";
import type { ImageSetLock } from "../lock/types.ts";
import { isOwnFault } from "../resolve/failure.ts";
import { readTextFile, sweepTemporary, type Text, writeIfChanged, writeTextFile } from "./files.ts";

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

/** A workspace that one run holds. */
export interface OwnedWorkspace extends Workspace, AsyncDisposable {}

/**
 * Takes a workspace for one run: lays it out, refuses a second run by naming the first, clears what a killed run left.
 * @throws MirrorError `WORKSPACE_BUSY`, `WORKSPACE_INVALID`
 */
export async function openWorkspace(dir: string): Promise<OwnedWorkspace> {
  const workspace = workspaceAt(dir);
  try {
    await makeFolder(workspace.dir);
    for (const path of [workspace.cacheDir, workspace.journalDir]) await makeFolder(path, 0o700);
  } catch (cause) {
    throw notAFolder(workspace.dir, cause);
  }
  const lock = await own(workspace);
  await sweepTemporary([workspace.dir, workspace.resourcesDir, workspace.journalDir, workspace.cacheDir]);
  await rm(workspace.temporaryDir, { recursive: true, force: true });
  await mkdir(workspace.temporaryDir, { recursive: true, mode: 0o700 });
  return {
    ...workspace,
    [Symbol.asyncDispose]: async () => {
      await rm(workspace.temporaryDir, { recursive: true, force: true });
      await lock.release();
    },
  };
}

/** A full or broken disk says so itself; anything else is about the path that was given. */
function notAFolder(dir: string, cause: unknown): unknown {
  if (isOwnFault(cause)) return cause;
  return new MirrorError({
    code: "WORKSPACE_INVALID",
    message: `Cannot use workspace ${dir}: a folder cannot be made there`,
    subject: dir,
    hint: "Name a folder that you may write to with --workspace DIR.",
    cause,
  });
}

/** Where things lie in a workspace. */
export function workspaceAt(dir: string): Workspace {
  return {
    dir,
    lockFile: join(dir, "imageset.lock"),
    cacheDir: join(dir, "cache"),
    journalDir: join(dir, "journal"),
    temporaryDir: join(dir, "cache", "tmp"),
    resourcesDir: join(dir, "cluster-resources"),
  };
}

async function own(workspace: Workspace): Promise<FileLock> {
  try {
    return await takeLock(join(workspace.dir, ".owner"), { subject: `workspace ${workspace.dir}` });
  } catch (error) {
    if (!isOciError(error) || error.code !== "BUSY") throw error;
    throw new MirrorError({
      code: "WORKSPACE_BUSY",
      message: error.message,
      subject: workspace.dir,
      hint: `${error.hint ?? "Wait until it has ended."} Another --workspace can be used at the same time.`,
      cause: error,
    });
  }
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
  await writeTextFile(workspace.lockFile, () => lockPieces(lock));
  return lock;
}

/** Writes a file of the workspace when its content is new. Returns its path. */
export async function writeWorkspaceFile(workspace: Workspace, name: string, text: Text): Promise<string> {
  const path = join(workspace.dir, name);
  await writeIfChanged(path, text);
  return path;
}
