import { UsageError } from "../../args/errors.ts";
import type { Job } from "../../command/job.ts";
import { type ArchiveFlags, archiveFlags } from "./archive-flags.ts";
import { isArchivePlace } from "./archive-place.ts";
import { readInput } from "./near-side.ts";
import { checkVolumeSize } from "./volume-size.ts";

/**
 * Flags that say something about one archive that is written. Keys and hooks may stand in a configuration file for every run,
 * so that they are not among them.
 */
const TO_ARCHIVE = ["have", "since", "request"] as const;

/** Flags that name one file. */
const FILES = ["have", "since", "request", "sign-key"] as const;

/** Flags that say something about one archive that is read. */
const FROM_ARCHIVE = ["only", "allow-older"] as const;

/**
 * Refuses flags that would have no effect, and files that are not there, before anything is contacted.
 * @throws UsageError
 */
export async function checkArchiveFlags(job: Job<ArchiveFlags>): Promise<void> {
  const { flags, args } = job;
  const isGiven = (name: keyof ArchiveFlags): boolean => {
    const value = flags[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  };
  const [stray] = [
    ...(isArchivePlace(args[0]) ? [] : TO_ARCHIVE.filter(isGiven).map((name) => [name, "an archive is written: file://DIR"] as const)),
    ...(flags.from === undefined
      ? FROM_ARCHIVE.filter(isGiven).map((name) => [name, "--from says where everything comes from"] as const)
      : []),
  ];
  if (stray !== undefined) {
    throw new UsageError(`--${stray[0]} has an effect only where ${stray[1]}`, {
      subject: `--${stray[0]}`,
      hint: archiveFlags[stray[0]].brief,
    });
  }
  if (flags.since !== undefined && /^\d{4}-\d{2}-\d{2}/.test(flags.since)) {
    throw new UsageError(`--since takes a lock, got the date ${flags.since}`, {
      subject: flags.since,
      hint: "A date says nothing about what arrived. Give the lock that the far side has, or what 'skerry have' told there with --have.",
    });
  }
  checkVolumeSize(flags["volume-size"]);
  for (const path of [...FILES.map((name) => flags[name]), ...flags["trust-key"]]) {
    if (path !== undefined && path !== "-") await readInput(job, path);
  }
}
