import { checkStrict, type FinishedPlan, type MirrorReport, runMirror, runPlan } from "@skerry/mirror";
import { UsageError } from "../../args/errors.ts";
import { formatSize } from "../../args/size.ts";
import { holdOutside } from "../../args/time-window.ts";
import type { Job } from "../../command/job.ts";
import { checkSetContent } from "../../command/set-content-flags.ts";
import { followUp } from "../../output/command-line.ts";
import { EXIT, exitCodeOf } from "../../output/error.ts";
import { isArchivePlace } from "../archive/archive-place.ts";
import { checkArchiveFlags } from "../archive/check-flags.ts";
import { recordExport, recordImport } from "../archive/crossing.ts";
import { exportSet, exportText } from "../archive/export.ts";
import { openFromSession } from "../archive/from-session.ts";
import type { MirrorRunFlags } from "./mirror.ts";
import { fromOcMirror } from "./oc-mirror-flags.ts";
import { run as plan } from "./plan.run.ts";
import { openSession, type Session, tellProblems } from "./session.ts";
import { planText, problemText } from "./show-plan.ts";
import { answerText, reportText } from "./show-report.ts";

/** Plans and mirrors an image set. */
export async function run(given: Job<MirrorRunFlags>): Promise<number> {
  const job = fromOcMirror(given);
  checkSetContent(job.flags);
  await checkArchiveFlags(job);
  if (job.flags["dry-run"] && job.flags.from === undefined) return await plan({ ...job, flags: { ...job.flags, "exit-code": false } });
  await using session = await (job.flags.from === undefined
    ? openSession(job, job.args[0])
    : openFromSession(job, job.flags.from, job.args[0]));
  if (job.flags["dry-run"]) return await showPlan(job, session);
  // A registry is looked at by the transfer, once, and its plan written afterwards; nobody else writes that of an archive.
  const planRun = { ...session.planRun, look: isArchivePlace(job.args[0]) };
  const made = await runPlan(planRun, session.context);
  tellProblems(job, made.lock.problems);
  if (job.flags.strict) checkStrict(made.lock);
  const { totals } = made.document;
  job.log.info(`${totals.images} images, ${formatSize(totals.uniqueBytes)} in all`);
  const problems = problemText(made.lock.problems);
  if (problems !== "") job.log.info(problems.trimEnd());
  job.progress.start({ images: totals.images, bytes: totals.uniqueBytes, label: (id) => id.split("\0")[0] ?? id });
  if (isArchivePlace(job.args[0])) {
    const report = await exportSet(job, session, made);
    await recordExport(job, session, { lock: made.lock, report });
    return await show(job, report, () => exportText(report));
  }
  const report = await transferSet(job, session, made);
  await recordImport(job, session, { lock: made.lock, report });
  const verify = followUp(job, ["verify"], { args: job.args });
  return await show(job, report, () =>
    session.forArchive === undefined ? reportText(report, verify) : answerText(report, session.forArchive),
  );
}

/** What an import would do: everything is checked, nothing is written to the target. */
async function showPlan(job: Job<MirrorRunFlags>, session: Session): Promise<number> {
  const { document } = await runPlan(session.planRun, session.context);
  tellProblems(job, document.problems);
  job.progress.stop();
  const { apiVersion: _, ...result } = document;
  await job.out.result(result, {
    text: () => planText(document, undefined),
    names: () => document.images.map((image) => image.origin),
  });
  return EXIT.done;
}

async function show(job: Job<unknown>, report: MirrorReport, text: () => string): Promise<number> {
  job.progress.event({ event: "run.end", result: report.result });
  job.progress.stop();
  const { apiVersion: _, ...result } = report;
  await job.out.result(result, { text, names: () => report.images.map((image) => image.origin) });
  return exitOf(job, report);
}

async function transferSet(job: Job<MirrorRunFlags>, session: Session, plan: FinishedPlan): Promise<MirrorReport> {
  const { target, registries } = session;
  if (target === undefined) throw new UsageError("no target was given");
  return await runMirror(
    {
      plan,
      planRun: session.planRun,
      target,
      options: {
        partialCatalog: job.flags["partial-catalog"],
        recheck: job.flags.recheck,
        externalLayers: job.flags["external-layers"],
        failFast: job.flags["fail-fast"],
        contentOnly: session.forArchive !== undefined,
        gates: registries.gates,
        hold: holdOutside(job.flags.window, () => job.world.now()),
        tries: job.flags.retries + 1,
        onEvent: (event) => job.progress.event(event),
      },
      describe: session.planRun.describe,
      storeLock: job.flags["store-lock"] && !job.flags["no-store-lock"],
      counts: () => ({ requests: registries.requests(), retries: registries.retries() }),
    },
    session.context,
  );
}

function exitOf(job: Job<unknown>, report: MirrorReport): number {
  switch (report.result) {
    case "done":
    case "nothing-to-do":
      return EXIT.done;
    case "partial":
      return EXIT.partial;
    case "failed":
      return EXIT.failed;
    case "interrupted":
      return exitCodeOf(job.signal.reason);
  }
}
