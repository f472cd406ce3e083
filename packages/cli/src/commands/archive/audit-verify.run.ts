import { auditFiles, verifyAudit, workspaceAt } from "@skerry/mirror";
import { UsageError } from "../../args/errors.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { escapeLine } from "../../output/escape.ts";
import type { SetFlags } from "../mirror/set-flags.ts";
import { workspaceDir } from "../mirror/workspace-dir.ts";
import { readInput } from "./near-side.ts";

/** Checks chains of crossings. */
export async function run(job: Job<Pick<SetFlags, "workspace" | "name">>): Promise<number> {
  const own = job.args.length > 0 ? job.args : await auditFiles(workspaceAt(workspaceDir(job, job.flags.name ?? "imageset")));
  if (own.length === 0)
    throw new UsageError("there are no crossing records", { hint: "Name files, or the workspace with --workspace DIR." });
  const files = await Promise.all(own.map(async (path) => ({ path, text: await readInput(job, path) })));
  const found = verifyAudit(files);
  await job.out.result(
    { kind: "AuditReport", ...found },
    {
      text: () =>
        `${found.result}: ${found.statements} crossings\n${found.faults.map(({ file, line, message }) => `  WRONG   ${escapeLine(file)}:${line}: ${escapeLine(message)}\n`).join("")}`,
      names: () => found.faults.map(({ file, line }) => `${file}:${line}`),
    },
  );
  return found.result === "ok" ? EXIT.done : EXIT.wrong;
}
