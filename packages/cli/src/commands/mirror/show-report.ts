import { isOpen, type MirrorReport, waiverFor } from "@skerry/mirror";
import { formatDuration } from "../../args/duration.ts";
import { formatSize } from "../../args/size.ts";
import { shellWord } from "../../output/command-line.ts";
import { escapeLine } from "../../output/escape.ts";

/**
 * A report as a person reads it: what moved, what was there, what failed and why, what to do next.
 * @param verify the command that verifies the target, where a registry is one
 */
export function reportText(report: MirrorReport, verify?: string): string {
  return [countsText(report), failuresText(report), catalogsText(report), nextText(report, verify)].join("");
}

/** The report of content that was asked for: it is there, and whoever lacked it goes on. */
export function answerText(report: MirrorReport, forArchive: string): string {
  const { moved } = report;
  const isWhole = report.result === "done" || report.result === "nothing-to-do";
  const next = isWhole
    ? `Next: import ${escapeLine(forArchive)} again; nothing was tagged yet.\n`
    : "Mend what failed and run the same command again: what is there is not moved twice.\n";
  return `${report.result}: brought ${formatSize(moved.bytes)} in ${moved.blobs} blobs that were asked for; ${moved.presentBlobs + moved.mountedBlobs} were there\n${failuresText(report)}${next}`;
}

function countsText(report: MirrorReport): string {
  const count = (outcome: string): number => report.images.filter((image) => image.outcome === outcome).length;
  const { moved } = report;
  const seconds = (Date.parse(report.endedAt) - Date.parse(report.startedAt)) / 1000;
  const images = [
    `${count("copied")} copied`,
    `${count("mounted")} mounted`,
    `${count("present")} already there`,
    `${count("skipped")} skipped`,
    `${count("failed")} failed`,
  ];
  const shown = images.filter((text, index) => index < 1 || !text.startsWith("0 "));
  const requests = Object.values(report.requests).reduce((sum, methods) => sum + Object.values(methods).reduce((all, n) => all + n, 0), 0);
  return [
    `${report.result}: ${report.images.length} images: ${shown.join(", ")}\n`,
    `Moved ${formatSize(moved.bytes)} in ${moved.blobs} blobs; mounted ${formatSize(moved.mountedBytes)} in ${moved.mountedBlobs}; already there ${formatSize(moved.presentBytes)} in ${moved.presentBlobs}\n`,
    `${formatDuration(Math.round(seconds * 1000))}, ${requests} requests, ${report.retries} retries\n`,
  ].join("");
}

function failuresText(report: MirrorReport): string {
  const rows = report.images.filter((image) => image.outcome === "failed" || image.outcome === "skipped");
  return rows
    .map((image) => {
      const why = image.error?.message ?? image.reason ?? "";
      const hint = image.error?.hint === undefined ? "" : `\n          ${escapeLine(image.error.hint)}`;
      return `  ${image.outcome.toUpperCase().padEnd(7)} ${escapeLine(image.origin)}\n          ${escapeLine(why)}${hint}\n`;
    })
    .join("");
}

function catalogsText(report: MirrorReport): string {
  return report.catalogs.map((catalog) => `Catalog ${escapeLine(catalog.catalog)}: ${catalog.outcome} ${catalog.targetDigest}\n`).join("");
}

function nextText(report: MirrorReport, verify: string | undefined): string {
  if (report.result === "interrupted") return "Interrupted: the same command continues where it stopped.\n";
  const resources = report.files["resources"];
  const apply =
    resources === undefined || verify === undefined ? "" : `Next: ${verify}\n      oc apply -f ${escapeLine(shellWord(resources))}\n`;
  if (report.result !== "failed" && report.result !== "partial") return apply;
  const outcomes = [...report.images, ...report.catalogs].map(({ outcome }) => outcome);
  return outcomes.includes("failed") || outcomes.includes("skipped") || !report.problems.some(isOpen)
    ? `Mend what failed and run the same command again: what is there is not moved twice.\n${apply}`
    : `${undecidedText(report)}${apply}`;
}

/** Nothing failed on the way: what is left is for a person to decide. */
function undecidedText(report: MirrorReport): string {
  const open = report.problems.filter(isOpen);
  const rows = open.map((problem) => {
    const where = [problem.bundle ?? problem.subject, problem.field].filter((part) => part !== undefined).join("  ");
    const mend = problem.hint === undefined ? "" : `          mend it: ${escapeLine(problem.hint)}\n`;
    return `  ${problem.code}  ${escapeLine(where)}: ${escapeLine(problem.message)}\n${mend}          accept it: ${escapeLine(waiverFor(problem))}\n`;
  });
  const count = open.length === 1 ? "1 problem needs" : `${open.length} problems need`;
  const moved = report.images.length === 0 ? "Nothing was found to move" : "Everything in the lock has moved";
  return `${moved}; ${count} your decision before a run ends with 0:\n${rows.join("")}`;
}
