import { convertImageSetConfig } from "@skerry/mirror";
import { UsageError } from "../../args/errors.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import type { ConvertFlags } from "./config-convert.ts";
import { readConfigText } from "./image-set.ts";

/** Converts a configuration; notes are talk. */
export async function run(job: Job<ConvertFlags>): Promise<number> {
  const { config: file, to, plain } = job.flags;
  if (file === undefined) throw new UsageError("no configuration was given", { hint: "Name it with --config FILE." });
  const { text, notes, from } = convertImageSetConfig(await readConfigText(job, file), { path: file === "-" ? "stdin" : file, to, plain });
  for (const note of notes) job.log.info(`Note: ${note}`);
  await job.out.result(
    { kind: "ConfigConversion", file, from, to: `mirror.openshift.io/${to}`, text, notes },
    { text: () => text, names: () => [file] },
  );
  return EXIT.done;
}
