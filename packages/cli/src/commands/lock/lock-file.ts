import { join } from "node:path";
import { type Job, pathOf } from "../../command/job.ts";
import type { Positional } from "../../command/types.ts";
import type { SetFlags } from "../mirror/set-flags.ts";
import { workspaceDir } from "../mirror/workspace-dir.ts";

/** Flags that say which workspace's lock is meant. */
export type LockFileFlags = Pick<SetFlags, "name" | "workspace">;

/** The argument of every word about a lock. */
export const LOCK_FILE: Positional = { name: "FILE", brief: "a lock; the workspace's without it", count: "optional" };

/** Path of the lock that a command is about. */
export function lockFileOf(job: Job<LockFileFlags>): string {
  const [file] = job.args;
  return file === undefined ? join(workspaceDir(job, job.flags.name ?? "imageset"), "imageset.lock") : pathOf(job, file);
}
