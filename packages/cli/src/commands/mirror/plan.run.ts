import { checkStrict, isOpen, isSame, runPlan } from "@skerry/mirror";
import type { Job } from "../../command/job.ts";
import { checkSetContent } from "../../command/set-content-flags.ts";
import { followUp } from "../../output/command-line.ts";
import { EXIT } from "../../output/error.ts";
import { fromOcMirror } from "./oc-mirror-flags.ts";
import type { PlanFlags } from "./plan.ts";
import { openSession, tellProblems } from "./session.ts";
import { planText } from "./show-plan.ts";

/** Makes a plan and shows it. */
export async function run(given: Job<PlanFlags>): Promise<number> {
  const job = fromOcMirror(given);
  checkSetContent(job.flags);
  await using session = await openSession(job, job.args[0]);
  const { lock, document } = await runPlan(session.planRun, session.context);
  tellProblems(job, lock.problems);
  job.progress.stop();
  const { apiVersion: _, ...result } = document;
  await job.out.result(result, {
    text: () => planText(document, nextCommand(job)),
    names: () => lock.images.map((image) => image.origin),
  });
  if (job.flags.strict) checkStrict(lock);
  if (lock.problems.some(isOpen)) return EXIT.partial;
  return job.flags["exit-code"] && !isSame(document.difference) ? EXIT.different : EXIT.done;
}

/** The run that does what the plan says, unless it is of a lock that was given. */
function nextCommand(job: Job<PlanFlags>): string | undefined {
  if (job.flags.config === undefined) return undefined;
  const [target] = job.args;
  const mirror = followUp(job, ["mirror"], {
    without: ["dry-run", "locked", "html"],
    flags: ["--locked"],
    args: target === undefined ? [] : [target],
  });
  return target === undefined ? `${mirror} docker://HOST[:PORT][/PREFIX]` : mirror;
}
