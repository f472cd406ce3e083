import { addUser, userFilesIn } from "@skerry/registry";
import { readPassword } from "../../auth/read-password.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import type { UserAddFlags } from "./user-add.ts";

/** Writes htpasswd and access.yaml. */
export async function run(job: Job<UserAddFlags>): Promise<number> {
  const { root, read, write } = job.flags;
  const name = job.args[0] ?? "";
  await addUser(userFilesIn(pathOf(job, root)), { name, password: await readPassword(job, name), read, write });
  await job.out.result({ kind: "RegistryUser", name, read, write }, { text: () => `Set user ${name}\n`, names: () => [name] });
  return EXIT.done;
}
