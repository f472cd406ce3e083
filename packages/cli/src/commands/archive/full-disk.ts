import { carryJournals, isOciError } from "@skerry/oci";
import type { Job } from "../../command/job.ts";
import { escapeLine } from "../../output/escape.ts";

/** What ends an attempt at an archive and can be mended while the command waits. */
export interface FullDisk {
  readonly dir: string;
  /** True when finished volumes are carried away by `--volume-hook`, and that may have made room. */
  readonly isCarriedAway: boolean;
}

/** True when there is no room to write an archive; that a registry has none is another thing. */
export function isFullDisk(error: unknown): boolean {
  return (
    (isOciError(error) && error.code === "NO_SPACE" && error.host === undefined) ||
    (error instanceof Error && "code" in error && error.code === "SPACE_SHORT")
  );
}

/**
 * Whether an archive can go on after its disk was full: volumes were carried away meanwhile, or a person at a terminal changed
 * the disk or made room. Finished volumes need not be there any longer.
 */
export async function goesOn(job: Job<unknown>, disk: FullDisk): Promise<boolean> {
  if (disk.isCarriedAway) return true;
  const { stdin } = job.world;
  if (!stdin.isTTY) return false;
  const restore = await carryJournals(disk.dir);
  job.progress.stop();
  const answer = await stdin.ask(
    `The disk of ${escapeLine(disk.dir)} is full. Carry finished volumes away, or put another disk in its place; Enter goes on, q ends: `,
  );
  if (answer === undefined || /^q/i.test(answer.trim())) return false;
  await restore();
  return true;
}
