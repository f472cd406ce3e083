import type { CatalogProblem } from "@skerry/catalog";
import { escapeLine } from "../output/escape.ts";

/** Rows of one thing, and those of what is inside it. */
interface Branch {
  readonly title: string;
  readonly rows: CatalogProblem[];
  readonly branches: Map<string, Branch>;
}

/**
 * Rows as a tree: the catalog's own first, then each package with its channels and bundles. Each row says severity, rule, what
 * is wrong and where, and below it what that will break. Names of publishers are escaped.
 */
export function validationTree(problems: readonly CatalogProblem[]): string {
  const root = branch("");
  for (const problem of problems) branchOf(root, problem).rows.push(problem);
  return linesOf(root, 0)
    .map((line) => `${escapeLine(line)}\n`)
    .join("");
}

function branch(title: string): Branch {
  return { title, rows: [], branches: new Map() };
}

function branchOf(root: Branch, { package: owner, channel, bundle }: CatalogProblem): Branch {
  const path = [
    owner === undefined || owner === "" ? undefined : `package ${owner}`,
    channel === undefined || channel === "" ? undefined : `channel ${channel}`,
    bundle === undefined || bundle === "" ? undefined : `bundle ${bundle}`,
  ];
  let at = root;
  for (const title of path) {
    if (title === undefined) continue;
    const next = at.branches.get(title) ?? branch(title);
    at.branches.set(title, next);
    at = next;
  }
  return at;
}

function linesOf(of: Branch, depth: number): readonly string[] {
  const indent = "  ".repeat(depth);
  const lines = of.title === "" ? [] : [`${"  ".repeat(depth - 1)}${of.title}`];
  for (const { severity, rule, code, message, file, line, hint } of of.rows) {
    const place = file === undefined ? "" : `  (${file}${line === undefined ? "" : `:${line}`})`;
    lines.push(`${indent}${severity.padEnd(7)}  ${rule ?? code}  ${withoutTitle(message)}${place}`);
    if (hint !== undefined) lines.push(`${indent}         ${hint}`);
  }
  return [...lines, ...[...of.branches.values()].flatMap((inner) => linesOf(inner, depth + 1))];
}

/** What the branch says already. */
function withoutTitle(message: string): string {
  return message.replace(/^(?:Package|Channel|Bundle) "[^"]*": /, "");
}
