import { access } from "node:fs/promises";
import { UsageError } from "../../args/errors.ts";
import { type Job, pathOf } from "../../command/job.ts";
import type { ArchiveFlags } from "./archive-flags.ts";

/**
 * Looks at the files that flags of an archive name, before anything is contacted.
 * @throws UsageError for one that is not there, and for `--since DATE` of `oc mirror`
 */
export async function checkArchiveInputs(job: Job<ArchiveFlags>): Promise<void> {
  const { since, have, request, "sign-key": signKey, "trust-key": trustKeys } = job.flags;
  if (since !== undefined && /^\d{4}-\d{2}-\d{2}/.test(since)) {
    throw new UsageError(`--since takes an earlier lock, not the date ${since}`, {
      subject: since,
      hint: "Name the imageset.lock of the last archive that arrived, or take what the far side holds: --have FILE.",
    });
  }
  for (const file of [since, have, request, signKey, ...trustKeys]) {
    if (file === undefined || file === "-") continue;
    await access(pathOf(job, file)).catch((cause: unknown) => {
      throw new UsageError(`cannot read ${file}`, { subject: file, cause, hint: "Check the path." });
    });
  }
}
