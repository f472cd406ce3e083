import { closeSync, openSync, writeSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { UsageError } from "../args/errors.ts";
import type { World } from "../world/types.ts";
import { redact } from "./error.ts";
import type { LogFile } from "./log.ts";

/**
 * Opens `--log-file` for appending, 0600 when it is new. Lines are written at once, so that a killed process leaves them.
 * @throws UsageError when it cannot be opened
 */
export async function openLogFile(path: string | undefined, world: Pick<World, "cwd">): Promise<(LogFile & AsyncDisposable) | undefined> {
  if (path === undefined) return undefined;
  const full = isAbsolute(path) ? path : resolve(world.cwd, path);
  let file: number;
  try {
    file = openSync(full, "a", 0o600);
  } catch (cause) {
    throw new UsageError(`cannot open log file ${full}`, { subject: full, cause });
  }
  return {
    append: (line) => {
      writeSync(file, `${redact(line)}\n`);
    },
    [Symbol.asyncDispose]: async () => closeSync(file),
  };
}
