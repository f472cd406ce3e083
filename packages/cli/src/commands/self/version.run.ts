import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { formatFields } from "../../output/table.ts";
import { COMMIT, VERSION } from "../../version.ts";

/** Prints the Version document. */
export async function run(job: Job<unknown>): Promise<number> {
  const { platform, node } = job.world;
  await job.out.result(
    { kind: "Version", version: VERSION, commit: COMMIT ?? null, node, platform },
    {
      text: () =>
        `skerry ${VERSION}\n${formatFields([
          ["Commit", COMMIT],
          ["Node", node],
          ["Platform", platform],
        ])}`,
      names: () => [VERSION],
    },
  );
  return EXIT.done;
}
