import { openRegistryCare } from "@skerry/registry";
import { UsageError } from "../../args/errors.ts";
import { formatSize } from "../../args/size.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import type { BackupFlags } from "./backup.ts";

/** Prints the RegistryBackup document. */
export async function run(job: Job<BackupFlags>): Promise<number> {
  const { to, root } = job.flags;
  if (to === undefined) throw new UsageError("a folder for the copy is missing", { subject: "--to", hint: "Add --to DIR." });
  await using care = await openRegistryCare(pathOf(job, root));
  const report = await care.backup(pathOf(job, to), { signal: job.signal });
  await job.out.result(
    { kind: "RegistryBackup", ...report },
    {
      text: () =>
        `Copied ${report.copiedBlobs} blobs, ${formatSize(report.copiedBytes)}, to ${report.to}; ${report.presentBlobs} were there; ${report.repositories} repositories\n`,
      names: () => [report.to],
    },
  );
  return EXIT.done;
}
