import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { knownSubjects, nearestWord, type PlanDocument, type Why, whyInLock } from "@skerry/mirror";
import { UsageError } from "../../args/errors.ts";
import { formatSize } from "../../args/size.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { escapeLine } from "../../output/escape.ts";
import { requiredLock } from "./image-set.ts";
import type { WhyFlags } from "./why.ts";
import { workspaceDir } from "./workspace-dir.ts";

/** Answers out of a lock; nothing is contacted. */
export async function run(job: Job<WhyFlags>): Promise<number> {
  const subject = job.args[0] ?? "";
  const file =
    job.flags.lock === undefined ? join(workspaceDir(job, job.flags.name ?? "imageset"), "imageset.lock") : pathOf(job, job.flags.lock);
  const lock = await requiredLock(job, file);
  const why = whyInLock(lock, subject, await operatorsBeside(file));
  if (why === undefined) {
    const near = nearestWord(subject, knownSubjects(lock));
    throw new UsageError(`nothing in ${file} is called ${JSON.stringify(subject)}`, {
      subject,
      ...(near === undefined ? {} : { hint: `Did you mean ${near}?` }),
    });
  }
  await job.out.result({ kind: "Why", ...why }, { text: () => whyText(why), names: () => why.images.map((image) => image.origin) });
  return EXIT.done;
}

/** The plan that lies beside a lock counts what dropping a package saves. */
async function operatorsBeside(lockFile: string): Promise<PlanDocument["operators"] | undefined> {
  try {
    return (JSON.parse(await readFile(join(dirname(lockFile), "plan.json"), "utf8")) as PlanDocument).operators;
  } catch {
    return undefined;
  }
}

function whyText(why: Why): string {
  const lines = why.images.map((image) => {
    const reasons = image.reasons.map(
      (reason) =>
        `    ${[reason.catalog, reason.package, reason.channel, reason.bundle, reason.field]
          .filter((part) => part !== undefined)
          .map(escapeLine)
          .join("  ")}\n`,
    );
    return `${escapeLine(image.origin)}  ${image.kind}  ${formatSize(image.totalBytes)}\n${reasons.join("")}`;
  });
  const saves = why.savesBytes === null ? "" : `Leaving ${escapeLine(why.subject)} out saves ${formatSize(why.savesBytes)}.\n`;
  const breaks =
    why.breaks.length === 0
      ? ""
      : `Without ${why.about === "package" ? "it" : "it these bundles cannot run"}: ${why.breaks.map(escapeLine).join(", ")}\n`;
  return `${lines.join("")}${saves}${why.about === "package" ? "" : breaks}`;
}
