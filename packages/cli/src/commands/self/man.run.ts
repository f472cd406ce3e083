import type { Job } from "../../command/job.ts";
import { manPage } from "../../help/man.ts";
import { EXIT } from "../../output/error.ts";

/** Prints the page. */
export async function run(job: Job<unknown>): Promise<number> {
  await job.world.stdout.write(manPage(job.tree));
  return EXIT.done;
}
