import { logicalTar, readContents } from "@skerry/oci";
import { UsageError } from "../../args/errors.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { archiveDir } from "./archive-place.ts";

/** Writes the volumes one after the other. */
export async function run(job: Job<unknown>): Promise<number> {
  if (job.world.stdout.isTTY) throw new UsageError("a tar is not for a terminal", { hint: "Send it to a file: > all.tar" });
  const dir = archiveDir(job, job.args[0] ?? "");
  const { contents } = await readContents(dir);
  for await (const chunk of logicalTar(dir, contents, { signal: job.signal })) await job.out.bytes(chunk);
  return EXIT.done;
}
