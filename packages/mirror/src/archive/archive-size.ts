import { planArchive, spaceAt } from "@skerry/oci";
import type { ImageSetLock } from "../lock/types.ts";
import type { PlanEstimate } from "../plan/document.ts";
import { nearestFolder } from "./export-run.ts";

/** An archive that a plan is made for. */
export interface ArchiveGoal {
  /** As the user wrote it. */
  readonly text: string;
  readonly dir: string;
  readonly volumeBytes: number;
}

/** How large an archive of everything that a lock names would be, and what there is room for. Reads nothing but free space. */
export async function archiveSize(
  lock: Pick<ImageSetLock, "blobs">,
  goal: ArchiveGoal,
): Promise<{ readonly volumes: number; readonly space: PlanEstimate["space"] }> {
  const plan = planArchive(
    lock.blobs.map(({ digest, bytes }) => ({ digest, size: bytes })),
    goal.volumeBytes,
  );
  const { where, freeBytes } = await spaceAt(await nearestFolder(goal.dir));
  return { volumes: plan.cutter.starts.length, space: [{ where, neededBytes: plan.bytes, freeBytes }] };
}
