import { UsageError } from "../args/errors.ts";
import { type Job, pathOf } from "../command/job.ts";
import { readTextInput } from "../places/text-input.ts";

/** The flags that say where a password comes from. */
export interface PasswordSource {
  readonly "password-stdin": boolean;
  readonly "password-file": string | undefined;
}

/**
 * A password from stdin, a file, or the terminal, without the line end.
 * @throws UsageError when there is none, or it was given in more than one way
 */
export async function readPassword(job: Job<PasswordSource>, host: string): Promise<string> {
  const { "password-file": file, "password-stdin": stdin } = job.flags;
  if (stdin && file !== undefined) throw new UsageError("the password was given in more than one way");
  const text = stdin
    ? await readTextInput(job, "-")
    : file !== undefined
      ? await readTextInput(job, file === "-" ? "-" : pathOf(job, file))
      : await job.world.stdin.ask(`Password for ${host}: `, { secret: true });
  const read = text?.replace(/\r?\n$/, "");
  if (read === undefined || read === "") throw new UsageError("no password", { hint: "Give it with --password-stdin or --password-file." });
  return read;
}
