import { imageSetSchema } from "@skerry/mirror";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";

/** Prints the schema, whatever the format of results. */
export async function run(job: Job<unknown>): Promise<number> {
  await job.out.bytes(new TextEncoder().encode(`${JSON.stringify(imageSetSchema(), undefined, 2)}\n`));
  return EXIT.done;
}
