import { authFilePlaces } from "@skerry/oci";
import { removeLogin } from "../../auth/auth-files.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { parseHost } from "../../names/image-name.ts";
import { EXIT } from "../../output/error.ts";
import type { AuthFileFlags } from "./logout.ts";

/** Removes a host from the files that hold it. */
export async function run(job: Job<AuthFileFlags>): Promise<number> {
  const host = parseHost(job.args[0] ?? "");
  const { authfile } = job.flags;
  const places = authFilePlaces({
    authfile: authfile === undefined ? undefined : pathOf(job, authfile),
    env: job.world.env,
    home: job.world.home,
  });
  const files: string[] = [];
  for (const { path } of places) if (await removeLogin(path, host)) files.push(path);
  for (const path of files) job.log.info(`Removed ${host} from ${path}`);
  if (files.length === 0) job.log.warn(`no file holds an account for ${host}: looked at ${places.map((place) => place.path).join(", ")}`);
  await job.out.result({ kind: "Logout", host, files }, { text: () => "", names: () => (files.length === 0 ? [] : [host]) });
  return EXIT.done;
}
