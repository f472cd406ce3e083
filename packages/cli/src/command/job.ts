import { isAbsolute, resolve } from "node:path";
import type { Log } from "../output/log.ts";
import type { Printer } from "../output/printer.ts";
import type { Progress } from "../progress/types.ts";
import type { World } from "../world/types.ts";
import type { EveryFlags } from "./every-flags.ts";
import type { Group } from "./types.ts";

/** What a command's `run` gets. */
export interface Job<F> {
  readonly flags: F;
  readonly every: EveryFlags;
  /** Positional arguments, their number already checked. */
  readonly args: readonly string[];
  readonly world: World;
  /** All words, for completion scripts and manual pages. */
  readonly tree: Group;
  readonly out: Printer;
  readonly log: Log;
  readonly progress: Progress;
  /** Aborted by SIGINT, SIGTERM and the end of stdout's reader. */
  readonly signal: AbortSignal;
}

/** A path of a flag or argument, made absolute by the working directory of the world. */
export function pathOf(job: Pick<Job<unknown>, "world">, path: string): string {
  return isAbsolute(path) ? path : resolve(job.world.cwd, path);
}
