import { removeUser, userFilesIn } from "@skerry/registry";
import { type Job, pathOf } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import type { RootFlags } from "./root-flag.ts";

/** Takes a user out of htpasswd and access.yaml. */
export async function run(job: Job<RootFlags>): Promise<number> {
  const name = job.args[0] ?? "";
  await removeUser(userFilesIn(pathOf(job, job.flags.root)), name);
  await job.out.result({ kind: "RegistryUser", name, removed: true }, { text: () => `Removed user ${name}\n`, names: () => [name] });
  return EXIT.done;
}
