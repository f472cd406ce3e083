import { UsageError } from "../../args/errors.ts";
import type { Job } from "../../command/job.ts";
import { counted } from "../../output/counted.ts";
import { EXIT } from "../../output/error.ts";
import { escapeLine } from "../../output/escape.ts";
import { readConfig } from "./image-set.ts";
import type { SetFlags } from "./set-flags.ts";

/** Reads a configuration; its faults are the error. */
export async function run(job: Job<Pick<SetFlags, "config">>): Promise<number> {
  const { config: file } = job.flags;
  if (file === undefined) throw new UsageError("no configuration was given", { hint: "Name it with --config FILE." });
  const config = await readConfig(job, file);
  const counts = {
    operators: config.operators.length,
    additionalImages: config.additionalImages.length,
    blockedImages: config.blockedImages.length,
  };
  await job.out.result(
    { kind: "ConfigCheck", file, valid: true, configDigest: config.digest, ...counts },
    {
      text: () =>
        `${escapeLine(file)} is valid: ${[
          counted(counts.operators, "catalog"),
          counted(counts.additionalImages, "additional image"),
          counted(counts.blockedImages, "blocked pattern"),
        ].join(", ")}\n`,
      names: () => [file],
    },
  );
  return EXIT.done;
}
