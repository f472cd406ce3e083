import type { CatalogProblem } from "@skerry/catalog";

/** Every kind of row that a plan can carry; the closed list of the command line's contract. */
export const PROBLEM_CODES = [
  "REF_EMPTY",
  "REF_VALUE_KEY",
  "REF_INVALID",
  "REF_SCHEME",
  "REF_NO_TAG",
  "REF_TAG_ONLY",
  "IMAGE_NOT_FOUND",
  "IMAGE_DENIED",
  "IMAGE_SCHEMA1",
  "PLATFORM_MISSING",
  "PLATFORM_MISMATCH",
  "SPARSE_REFUSED",
  "CATALOG_UNREADABLE",
  "PACKAGE_INVALID",
  "REPLACES_DANGLING",
  "CHANNEL_HEADS",
  "CHANNEL_CYCLE",
  "DEPENDENCY_UNMET",
  "PATH_BROKEN",
  "IMAGE_UNLISTED",
  "BUNDLE_TOO_LARGE",
  "TAG_NEEDS_ITMS",
  "TAG_UNREACHABLE",
  "DEST_COLLISION",
  "IMAGE_BLOCKED",
  "SPACE_SHORT",
  "PUSH_DENIED",
  "GAP",
  "SIGNATURE_MISSING",
  "BUNDLE_DROPPED",
] as const;

export type ProblemCode = (typeof PROBLEM_CODES)[number];

/** One row: something that others published, or that the world refused, and what was done about it. */
export interface Problem {
  readonly code: ProblemCode;
  readonly severity: "error" | "warning" | "info";
  /** What it is about, and what `--waive CODE=SUBJECT` names: a bundle, an image, a catalog. */
  readonly subject: string;
  readonly catalog?: string;
  readonly package?: string;
  readonly channel?: string;
  readonly bundle?: string;
  readonly field?: string;
  readonly original?: string;
  readonly action: "repaired" | "dropped" | "kept" | "refused";
  readonly result?: string;
  readonly waived: boolean;
  readonly message: string;
  readonly hint?: string;
}

/** True for an `error` that nobody accepted: it turns a finished run into a partial one. */
export function isOpen(problem: Problem): boolean {
  return problem.severity === "error" && !problem.waived;
}

/** A row of a catalog reader, seen from the catalog it came from. */
export function fromCatalog(problem: CatalogProblem, catalog: string): Problem {
  const code = (PROBLEM_CODES as readonly string[]).includes(problem.code) ? (problem.code as ProblemCode) : "PACKAGE_INVALID";
  return { ...problem, code, catalog, waived: false };
}

/** Sorts rows so that the same inputs print the same list: by catalog, package, bundle, field, code, subject. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  return problems
    .map((problem) => ({ problem, key: sortKey(problem) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ problem }) => problem);
}

/** The same rows once each: two channels or packages often lead to the same one. */
export function uniqueProblems(problems: readonly Problem[]): Problem[] {
  const seen = new Map<string, Problem>();
  for (const problem of problems) seen.set(`${sortKey(problem)}\0${problem.original ?? ""}\0${problem.message}`, problem);
  return sortProblems([...seen.values()]);
}

function sortKey(problem: Problem): string {
  const { catalog, package: pkg, bundle, channel, field, code, subject } = problem;
  return [catalog ?? "", pkg ?? "", bundle ?? "", channel ?? "", field ?? "", code, subject].join("\0");
}
