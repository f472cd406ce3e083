import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

const TABLE = resolve(import.meta.dirname, "..", "..", "docs", "parity.md");

/**
 * Cases that `docs/parity.md` lists under a heading: every name in backticks in the first column of the heading's tables.
 * A difference that is not listed fails its test, and so does a listed one that is gone.
 */
export async function listedDifferences(heading: string): Promise<ReadonlySet<string>> {
  const text = await readFile(TABLE, "utf8");
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`docs/parity.md has no section "${heading}"`);
  const names = new Set<string>();
  for (const line of section.split("\n")) {
    const cell = /^\|([^|]*)\|/.exec(line)?.[1] ?? "";
    for (const match of cell.matchAll(/`([^`]+)`/g)) if (match[1] !== undefined) names.add(match[1]);
  }
  return names;
}
