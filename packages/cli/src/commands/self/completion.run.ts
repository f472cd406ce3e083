import { choice } from "../../command/flag.ts";
import type { Job } from "../../command/job.ts";
import { completionScript, SHELLS } from "../../help/completion.ts";
import { EXIT } from "../../output/error.ts";

/** Prints the script. */
export async function run(job: Job<unknown>): Promise<number> {
  await job.world.stdout.write(completionScript(choice(job.args[0] ?? "", SHELLS), job.tree));
  return EXIT.done;
}
