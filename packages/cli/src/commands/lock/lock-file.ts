import { join } from "node:path";
import { type Job, pathOf } from "../../command/job.ts";
import { workspaceDir } from "../mirror/image-set.ts";
import { pickFlags, type SetFlags } from "../mirror/set-flags.ts";

/** Where the lock is when no file is named. */
export type LockFileFlags = Pick<SetFlags, "name" | "workspace">;

export const lockFileFlags: ReturnType<typeof pickFlags<"name" | "workspace">> = pickFlags("name", "workspace");

/** The positional of every word about a lock. */
export const LOCK_FILE = { name: "FILE", brief: "the lock; without it the workspace's imageset.lock", count: "optional" } as const;

/** Path of the lock that a command is about. */
export function lockFile(job: Job<LockFileFlags>): string {
  const [file] = job.args;
  return file === undefined ? join(workspaceDir(job, job.flags.name ?? "imageset"), "imageset.lock") : pathOf(job, file);
}
