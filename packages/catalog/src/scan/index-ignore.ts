import ignore, { type Ignore } from "ignore";
import type { SourceFile } from "./source-files.ts";

const IGNORE_FILE = ".indexignore";
const MAX_IGNORE_BYTES = 1 << 20;

interface Rules {
  /** Folder of the file, with a final `/`; empty for the root. */
  readonly folder: string;
  readonly matcher: Ignore;
}

/**
 * The files that count: all but `.indexignore` files and what they name. Such a file rules its own folder; a deeper one
 * may take back what a higher one ignored. Files in ignored folders are asked for one by one, as opm does.
 */
export async function withoutIgnored(files: readonly SourceFile[]): Promise<readonly SourceFile[]> {
  const rules: Rules[] = [];
  for (const file of files) {
    if (baseName(file.path) !== IGNORE_FILE) continue;
    rules.push({ folder: file.path.slice(0, -IGNORE_FILE.length), matcher: await readRules(file) });
  }
  if (rules.length === 0) return files;
  rules.sort((a, b) => a.folder.length - b.folder.length);
  return files.filter((file) => baseName(file.path) !== IGNORE_FILE && !isIgnored(file.path, rules));
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

async function readRules(file: SourceFile): Promise<Ignore> {
  const handle = await file.open();
  try {
    const bytes = Buffer.alloc(Math.min(file.size, MAX_IGNORE_BYTES));
    const read = await handle.read(bytes, 0);
    const lines = bytes
      .toString("utf8", 0, read)
      .split(/\r?\n/)
      .filter((line: string) => line.trim() !== "" && !line.startsWith("#"));
    return ignore({ ignorecase: false, allowRelativePaths: true }).add(lines);
  } finally {
    await handle.close();
  }
}

function isIgnored(path: string, rules: readonly Rules[]): boolean {
  let ignored = false;
  for (const { folder, matcher } of rules) {
    if (!path.startsWith(folder)) continue;
    const result = matcher.test(path.slice(folder.length));
    if (result.ignored) ignored = true;
    else if (result.unignored) ignored = false;
  }
  return ignored;
}
