import { spawn } from "node:child_process";
import { UsageError } from "../../args/errors.ts";
import type { Job } from "../../command/job.ts";

/** Runs the program of `--volume-hook` with a volume's path as its last argument. No shell: words are split at spaces. */
export async function runVolumeHook(job: Job<unknown>, command: string, path: string): Promise<void> {
  const [program, ...args] = command.split(/\s+/).filter((word) => word !== "");
  if (program === undefined) throw new UsageError("--volume-hook names no program", { hint: "Write a program, and arguments after it." });
  const ended = await new Promise<string | undefined>((resolve) => {
    const child = spawn(program, [...args, path], {
      stdio: ["ignore", "ignore", "inherit"],
      cwd: job.world.cwd,
      env: job.world.env,
      signal: job.signal,
    });
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(code === 0 ? undefined : `it ended with ${signal ?? `code ${code}`}`));
  });
  if (ended === undefined) return;
  throw new UsageError(`--volume-hook failed for ${path}: ${ended}`, {
    subject: command,
    hint: "Mend it and run the same command again: the archive continues.",
  });
}
