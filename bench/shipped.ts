import { readFileSync } from "node:fs";
import { join } from "node:path";

const CLI = join(import.meta.dirname, "..", "packages", "cli");

/** Where `npm run build` puts the bundle. */
export const BUNDLE: string = join(CLI, "dist", "skerry.mjs");

/**
 * Starts a bundle with the settings of the first line of `bin/skerry.mjs`, by the Node that runs this: what is measured is what
 * users have. `env` becomes Node, so that the process is the one that was started.
 */
export function shipped(bundle: string): readonly [string, ...string[]] {
  const [, , ...words] =
    readFileSync(join(CLI, "bin", "skerry.mjs"), "utf8")
      .split("\n", 1)[0]
      ?.split(" ") ?? [];
  const node = words.indexOf("node");
  if (node < 0) throw new Error("the first line of bin/skerry.mjs names no Node");
  // The last is set by bin/skerry.mjs itself, before it loads anything.
  return ["/usr/bin/env", ...words.slice(0, node), "UV_THREADPOOL_SIZE=16", process.execPath, ...words.slice(node + 1), bundle];
}
