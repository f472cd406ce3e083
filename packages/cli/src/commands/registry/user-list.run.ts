import { listUsers, userFilesIn } from "@skerry/registry";
import { type Job, pathOf } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { formatTable } from "../../output/table.ts";
import type { RootFlags } from "./root-flag.ts";

/** Prints the RegistryUserList document. */
export async function run(job: Job<RootFlags>): Promise<number> {
  const users = await listUsers(userFilesIn(pathOf(job, job.flags.root)));
  await job.out.result(
    { kind: "RegistryUserList", users },
    {
      text: () =>
        formatTable(
          [{ title: "user" }, { title: "read" }, { title: "write" }],
          users.map(({ name, read, write }) => [name, read.join(" "), write.join(" ")]),
        ),
      names: () => users.map((user) => user.name),
    },
  );
  return EXIT.done;
}
