import ignore, { type Ignore } from "ignore";
import type { SourceFile } from "./source-files.ts";

const IGNORE_FILE = ".indexignore";
const MAX_IGNORE_BYTES = 1 << 20;

/** One line of an `.indexignore` file. */
interface Rule {
  /** Folder of the file, with a final `/`; empty for the root. */
  readonly folder: string;
  readonly matcher: Ignore;
  readonly negated: boolean;
}

/**
 * The files that count: all but `.indexignore` files and what they name. Such a file rules its own folder. Each line is
 * asked by itself and the last that matches wins, deeper files after higher ones: unlike git, a file below an ignored
 * folder can be taken back.
 */
export function withoutIgnored(files: readonly SourceFile[]): readonly SourceFile[] {
  const sources = files.filter((file) => baseName(file.path) === IGNORE_FILE);
  if (sources.length === 0) return files;
  const rules: Rule[] = [];
  for (const file of sources.toSorted((a, b) => depth(a) - depth(b))) rules.push(...readRules(file));
  return files.filter((file) => baseName(file.path) !== IGNORE_FILE && !isIgnored(file.path, rules));
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function depth(file: SourceFile): number {
  return file.path.split("/").length;
}

function readRules(file: SourceFile): readonly Rule[] {
  const folder = file.path.slice(0, -IGNORE_FILE.length);
  const handle = file.open();
  try {
    const bytes = Buffer.alloc(Math.min(file.size, MAX_IGNORE_BYTES));
    const lines = bytes.toString("utf8", 0, handle.read(bytes, 0)).split(/\r?\n/);
    return lines
      .filter((line) => line.trim() !== "" && !line.startsWith("#"))
      .map((line) => {
        const negated = line.startsWith("!");
        return { folder, negated, matcher: ignore({ ignorecase: false, allowRelativePaths: true }).add(negated ? line.slice(1) : line) };
      });
  } finally {
    handle.close();
  }
}

function isIgnored(path: string, rules: readonly Rule[]): boolean {
  const last = rules.findLast(({ folder, matcher }) => path.startsWith(folder) && matcher.ignores(path.slice(folder.length)));
  return last !== undefined && !last.negated;
}
