import type { ArchiveGoal, ImageSetConfig } from "@skerry/mirror";
import { DEFAULT_VOLUME_BYTES } from "@skerry/oci";
import type { Job } from "../../command/job.ts";
import type { ToArchiveFlags } from "./archive-flags.ts";
import { archiveDir, isArchivePlace } from "./archive-place.ts";

/** The archive that a command writes or plans; undefined when its target is none. `archiveSize` counts where no flag was given. */
export function archiveGoal(
  job: Job<Pick<ToArchiveFlags, "volume-size">>,
  target: string | undefined,
  config: Pick<ImageSetConfig, "archiveSizeBytes"> | undefined,
): ArchiveGoal | undefined {
  if (!isArchivePlace(target)) return undefined;
  const volumeBytes = job.flags["volume-size"] ?? config?.archiveSizeBytes ?? DEFAULT_VOLUME_BYTES;
  return { text: target, dir: archiveDir(job, target), volumeBytes };
}
