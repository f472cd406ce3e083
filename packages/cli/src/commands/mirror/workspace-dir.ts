import { type Job, pathOf } from "../../command/job.ts";
import type { SetFlags } from "./set-flags.ts";

/** Folder of a workspace: `--workspace` (also as `file://DIR`), else `./skerry-NAME`. */
export function workspaceDir(job: Job<Pick<SetFlags, "workspace">>, name: string): string {
  const given = job.flags.workspace?.replace(/^file:\/\//, "");
  return pathOf(job, given ?? `skerry-${name}`);
}
