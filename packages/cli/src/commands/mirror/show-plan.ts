import { isOpen, type PlanDocument, type Problem, waiverFor } from "@skerry/mirror";
import { formatDuration } from "../../args/duration.ts";
import { formatSize } from "../../args/size.ts";
import { escapeLine } from "../../output/escape.ts";
import { formatTable } from "../../output/table.ts";

/** A plan as a person reads it: packages, totals, what was repaired, what needs a decision, what to do next. */
export function planText(plan: PlanDocument, next: string | undefined): string {
  const isEmpty = plan.images.length === 0 && plan.problems.some(isOpen);
  const end = isEmpty
    ? ["No source could be read: a lock of an earlier run stays as it was.\n"]
    : [filesText(plan), next === undefined ? "" : `Next: ${next}\n`];
  return [packageTable(plan), problemText(plan.problems), ...end].filter((part) => part !== "").join("");
}

function packageTable(plan: PlanDocument): string {
  const counts = new Map(
    plan.catalogs.flatMap((catalog) => catalog.packages.map((pkg) => [`${catalog.catalog}\0${pkg.name}`, pkg] as const)),
  );
  const present = presentImages(plan);
  const rows = plan.operators.map((row) => {
    const kept = counts.get(`${row.catalog}\0${row.package}`);
    const versions = new Set(kept?.channels.flatMap((channel) => channel.versions.map((version) => version.bundle)) ?? []);
    const there = present?.get(`${row.catalog}\0${row.package}`);
    return [
      row.package,
      String(kept?.channels.length ?? 0),
      String(versions.size),
      String(row.images),
      formatSize(row.uniqueBytes),
      formatSize(row.sharedBytes),
      present === undefined ? "" : String(there ?? 0),
    ];
  });
  const { totals } = plan;
  const versions = new Set(
    plan.catalogs.flatMap((catalog) =>
      catalog.packages.flatMap((pkg) => pkg.channels.flatMap((channel) => channel.versions.map((version) => version.bundle))),
    ),
  );
  const channels = plan.catalogs.reduce((sum, catalog) => sum + catalog.packages.reduce((all, pkg) => all + pkg.channels.length, 0), 0);
  const total = [
    "TOTAL",
    String(channels),
    String(versions.size),
    String(totals.images),
    formatSize(totals.uniqueBytes),
    "",
    totals.presentBytes === null ? "" : formatSize(totals.presentBytes),
  ];
  const table = formatTable(
    [
      { title: "package" },
      ...["channels", "versions", "images", "unique", "shared", ...(present === undefined ? [] : ["present"])].map((title) => ({
        title,
        right: true,
      })),
    ],
    [...rows, total],
  );
  return `${table}${moveText(plan)}${roomText(plan)}`;
}

function roomText({ estimate, totals }: PlanDocument): string {
  const volumes = totals.volumes === null ? "" : ` in ${totals.volumes === 1 ? "1 volume" : `${totals.volumes} volumes`}`;
  return estimate.space
    .map(({ where, neededBytes, freeBytes }) => {
      const short = freeBytes < neededBytes ? "TOO LITTLE ROOM: " : "";
      return `${short}Needs about ${formatSize(neededBytes)}${volumes} on ${escapeLine(where)}, which has ${formatSize(freeBytes)} free\n`;
    })
    .join("");
}

function moveText(plan: PlanDocument): string {
  const { totals, estimate } = plan;
  if (totals.moveBytes === null) return "";
  const time =
    estimate.seconds === null || totals.moveBytes === 0
      ? ""
      : `, about ${formatDuration(estimate.seconds * 1000)} at ${formatSize(estimate.bytesPerSecond ?? 0)}/s (${estimate.basis ?? ""})`;
  return `To move: ${formatSize(totals.moveBytes)} of ${formatSize(totals.uniqueBytes)}${time}\n`;
}

/** Images that are at the target, by package; undefined where nobody looked. */
function presentImages(plan: PlanDocument): Map<string, number> | undefined {
  if (plan.totals.presentBytes === null) return undefined;
  const counts = new Map<string, number>();
  for (const image of plan.images) {
    if (image.present !== true) continue;
    const packages = new Set(
      image.reasons.flatMap((reason) => (reason.package === undefined ? [] : [`${reason.catalog ?? ""}\0${reason.package}`])),
    );
    for (const key of packages) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** The rows that matter to a person; notes are shown below them, a line each. */
export function problemText(problems: readonly Problem[]): string {
  const notes = problems.filter((problem) => problem.severity === "info").map((problem) => `Note: ${escapeLine(problem.message)}\n`);
  const rows = problems.filter((problem) => problem.severity !== "info");
  const noteText = `${notes.slice(0, MAX_NOTES).join("")}${moreNotes(notes.length)}`;
  if (rows.length === 0) return noteText;
  const open = rows.filter(isOpen);
  const repaired = rows.filter((problem) => problem.action === "repaired");
  const waived = rows.filter((problem) => problem.waived);
  const counts = [
    `${rows.length} ${rows.length === 1 ? "problem" : "problems"}: ${repaired.length} repaired`,
    open.length === 1 ? "1 needs you" : `${open.length} need you`,
    ...(waived.length === 0 ? [] : [`${waived.length} waived`]),
  ];
  const shown = rows.filter((problem) => !problem.waived);
  return `${counts.join(", ")}\n${shown.map(problemLine).join("")}${noteText}`;
}

/** Notes beyond these are counted: a catalog may have thousands. */
const MAX_NOTES = 5;

function moreNotes(count: number): string {
  return count > MAX_NOTES ? `and ${count - MAX_NOTES} more notes; -o json has them all\n` : "";
}

function problemLine(problem: Problem): string {
  const where = [problem.bundle ?? problem.subject, problem.field].filter((part) => part !== undefined).join("  ");
  const result = problem.result === undefined ? "" : ` → ${problem.result}`;
  const lines = [
    `  ${problem.severity.toUpperCase().padEnd(7)} ${problem.code}  ${escapeLine(where)}  ${problem.action}${escapeLine(result)}`,
    `          ${escapeLine(problem.message)}`,
  ];
  if (isOpen(problem)) lines.push(`          accept it with ${escapeLine(waiverFor(problem))}`);
  return `${lines.join("\n")}\n`;
}

function filesText(plan: PlanDocument): string {
  const others = Object.keys(plan.files).length - 1;
  return `Wrote ${escapeLine(plan.files["lock"] ?? "the lock")} and ${others} more.\n`;
}
