import type { CatalogDocument, CatalogProblem } from "../types.ts";

/** One thing that a rule found, before it is a row. */
export interface Finding {
  readonly rule: string;
  readonly message: string;
  readonly code?: string;
  readonly severity?: CatalogProblem["severity"];
  readonly package?: string;
  readonly channel?: string;
  readonly bundle?: string;
  readonly field?: string;
  readonly original?: string;
  readonly hint?: string;
}

/** What a broken rule does to whoever uses the catalog. */
const BREAKS: Readonly<Record<string, string>> = {
  document: "opm refuses the whole catalog, and a pod that serves it does not start",
  package: "opm refuses the whole catalog, and a pod that serves it does not start",
  channel: "opm refuses the whole catalog, and a pod that serves it does not start",
  bundle: "opm refuses the whole catalog, and a pod that serves it does not start",
  graph: "opm refuses the whole catalog: it cannot tell which version to install or which upgrade is next",
  deprecation: "opm refuses the whole catalog, and a pod that serves it does not start",
};

/** The row of a finding. Rules named like `graph-heads` belong to the family before the dash. */
export function problemOf(finding: Finding, at?: Pick<CatalogDocument, "file" | "line">): CatalogProblem {
  const family = finding.rule.split("-")[0] ?? "";
  const subject = [finding.package, finding.channel, finding.bundle].filter((part) => part !== undefined && part !== "").join("/");
  const breaks = BREAKS[family];
  const hint = finding.hint ?? (breaks === undefined ? undefined : `Without a correction ${breaks}.`);
  return {
    code: finding.code ?? "PACKAGE_INVALID",
    severity: finding.severity ?? "error",
    subject: subject === "" && at !== undefined ? `${at.file}:${at.line}` : subject,
    ...(finding.package === undefined ? {} : { package: finding.package }),
    ...(finding.channel === undefined ? {} : { channel: finding.channel }),
    ...(finding.bundle === undefined ? {} : { bundle: finding.bundle }),
    ...(finding.field === undefined ? {} : { field: finding.field }),
    ...(finding.original === undefined ? {} : { original: finding.original }),
    action: "kept",
    message: finding.message,
    ...(hint === undefined ? {} : { hint }),
    rule: finding.rule,
    ...(at === undefined ? {} : { file: at.file, line: at.line }),
  };
}
