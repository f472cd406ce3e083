import { access } from "node:fs/promises";
import { UsageError } from "../../args/errors.ts";
import { type Job, pathOf } from "../../command/job.ts";
import type { ArchiveFlags } from "./archive-flags.ts";
import { isArchivePlace } from "./archive-place.ts";

/** Flags of what comes from an archive, and of what goes to one. */
const FROM_ARCHIVE = ["only", "trust-key", "allow-older"] as const;
const TO_ARCHIVE = ["volume-hook", "have", "since", "request", "sign-key"] as const;

/**
 * Looks at the files that flags of an archive name, before anything is contacted.
 * @throws UsageError for one that is not there, for `--since DATE` of `oc mirror`, and for a flag of which nothing would come
 */
export async function checkArchiveInputs(job: Job<ArchiveFlags>): Promise<void> {
  const { since, have, request, from, "sign-key": signKey, "trust-key": trustKeys } = job.flags;
  if (from === undefined) refuse(job, FROM_ARCHIVE, "it is about what comes from an archive: name that with --from");
  if (!isArchivePlace(job.args[0])) refuse(job, TO_ARCHIVE, "it is about archives: the TARGET is file://DIR there");
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

/** A flag that would be overlooked is one that somebody relies on. */
function refuse(job: Job<ArchiveFlags>, names: readonly (keyof ArchiveFlags)[], why: string): void {
  for (const name of names) {
    const value = job.flags[name];
    if (value === undefined || value === false || (Array.isArray(value) && value.length === 0)) continue;
    throw new UsageError(`--${name} cannot be used here: ${why}`, { subject: `--${name}` });
  }
}
