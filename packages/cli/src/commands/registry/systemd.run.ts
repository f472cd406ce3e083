import { checkHostNames, systemdUnit } from "@skerry/registry";
import { type Job, pathOf } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import type { SystemdFlags } from "./systemd.ts";

/** Prints the unit. */
export async function run(job: Job<SystemdFlags>): Promise<number> {
  const { root, listen, host, user, program } = job.flags;
  checkHostNames(host);
  const unit = systemdUnit({
    program: program ?? "/usr/local/bin/skerry",
    root: pathOf(job, root),
    arguments: ["--listen", listen ?? "0.0.0.0:8443", ...host.flatMap((name) => ["--host", name])],
    ...(user === undefined ? {} : { user }),
  });
  await job.out.text(unit);
  return EXIT.done;
}
