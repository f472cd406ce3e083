import { diffLocks, isSame, type LockDifference } from "@skerry/mirror";
import { formatSize } from "../../args/size.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { escapeLine } from "../../output/escape.ts";
import type { DiffFlags } from "./diff.ts";
import { requiredLock } from "./image-set.ts";

/** Compares two locks; nothing is contacted. */
export async function run(job: Job<DiffFlags>): Promise<number> {
  const before = await requiredLock(job, job.args[0] ?? "");
  const after = await requiredLock(job, job.args[1] ?? "");
  const difference = diffLocks(before, after);
  await job.out.result(
    { kind: "LockDiff", ...difference },
    { text: () => diffText(difference), names: () => [...difference.added, ...difference.removed] },
  );
  return job.flags["exit-code"] && !isSame(difference) ? EXIT.different : EXIT.done;
}

/** What comes and goes, a line each. */
export function diffText(difference: LockDifference): string {
  const rows = [
    ...difference.bundles.added.map((name) => `+ bundle ${escapeLine(name)}\n`),
    ...difference.bundles.removed.map((name) => `- bundle ${escapeLine(name)}\n`),
    ...difference.added.map((origin) => `+ image  ${escapeLine(origin)}\n`),
    ...difference.removed.map((origin) => `- image  ${escapeLine(origin)}\n`),
    ...difference.changed.map((row) => `~ image  ${escapeLine(row.origin)}  ${row.from} → ${row.to}\n`),
  ];
  if (rows.length === 0) return "The locks hold the same.\n";
  return `${rows.join("")}${formatSize(difference.addedBytes)} come, ${formatSize(difference.removedBytes)} go\n`;
}
