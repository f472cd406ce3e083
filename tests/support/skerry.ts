import { join, resolve } from "node:path";
import { type Ended, type RunOptions, runProgram } from "./program.ts";

/** The repository's root. */
export const projectRoot: string = resolve(import.meta.dirname, "..", "..");

/** File that starts the command line from its sources, never from an older bundle. */
export const skerryProgram: string = join(projectRoot, "packages", "cli", "src", "main.ts");

/** Runs `skerry` as a user would, from its sources, in a process of its own. */
export function runSkerry(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return runProgram(process.execPath, [skerryProgram, ...args], options);
}
