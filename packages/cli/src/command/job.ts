import { isAbsolute, resolve } from "node:path";
import type { Job } from "./types.ts";

export type { Job } from "./types.ts";

/** A path of a flag or argument, made absolute by the working directory of the world. */
export function pathOf(job: Pick<Job<unknown>, "world">, path: string): string {
  return isAbsolute(path) ? path : resolve(job.world.cwd, path);
}
