import { openRegistryCare, readRetentionPolicy } from "@skerry/registry";
import { UsageError } from "../../args/errors.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { formatTable } from "../../output/table.ts";
import type { RetainFlags } from "./retain.ts";

/** Prints the RegistryRetention document. */
export async function run(job: Job<RetainFlags>): Promise<number> {
  const { policy: file, root } = job.flags;
  if (file === undefined) throw new UsageError("a policy is missing", { subject: "--policy", hint: "Add --policy FILE." });
  const policy = await readRetentionPolicy(pathOf(job, file));
  await using care = await openRegistryCare(pathOf(job, root));
  const report = await care.retain(policy, { dryRun: job.flags["dry-run"] });
  const rows = [
    ...report.tags.map(({ repository, tag, rule }) => [`${repository}:${tag}`, String(rule + 1)]),
    ...report.manifests.map(({ repository, digest, rule }) => [`${repository}@${digest}`, String(rule + 1)]),
  ];
  await job.out.result(
    { kind: "RegistryRetention", ...report },
    {
      text: () =>
        `${rows.length === 0 ? "" : formatTable([{ title: report.dryRun ? "would remove" : "removed" }, { title: "rule", right: true }], rows)}${report.tags.length} tags, ${report.manifests.length} manifests\n`,
      names: () => rows.map(([name]) => name ?? ""),
    },
  );
  return EXIT.done;
}
