import type { VerifyReport } from "./types.ts";

/** One answer about several locks of a target: figures are added, the same finding of two locks stands once. Pure. */
export function mergeVerifyReports(target: string, reports: readonly VerifyReport[]): VerifyReport {
  const sum = (figure: (report: VerifyReport) => number): number => reports.reduce((all, report) => all + figure(report), 0);
  const missing = distinct(reports.flatMap((report) => report.missing));
  const wrong = distinct(reports.flatMap((report) => report.wrong));
  return {
    target,
    result: reports.every((report) => report.result === "ok") ? "ok" : "bad",
    checked: {
      roots: sum((report) => report.checked.roots),
      manifests: sum((report) => report.checked.manifests),
      blobs: sum((report) => report.checked.blobs),
      bytes: sum((report) => report.checked.bytes),
      deep: reports.some((report) => report.checked.deep),
    },
    missing,
    wrong,
    extra: distinct(reports.flatMap((report) => report.extra)),
  };
}

/** By their whole content, in the order of the first. */
function distinct<Row>(rows: readonly Row[]): Row[] {
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()];
}
