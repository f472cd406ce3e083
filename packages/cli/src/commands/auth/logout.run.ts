import { authFilePlaces, eraseWithHelper, serverAddress } from "@skerry/oci";
import { helperOf, removeLogin } from "../../auth/auth-files.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { parseHost } from "../../names/image-name.ts";
import { EXIT } from "../../output/error.ts";
import type { AuthFileFlags } from "./logout.ts";

/** Removes a host from the files that hold it, and from the helpers to which they leave it. */
export async function run(job: Job<AuthFileFlags>): Promise<number> {
  const host = parseHost(job.args[0] ?? "");
  const { authfile } = job.flags;
  const places = authFilePlaces({
    authfile: authfile === undefined ? undefined : pathOf(job, authfile),
    env: job.world.env,
    home: job.world.home,
  });
  const files: string[] = [];
  const helpers = new Set<string>();
  for (const { path } of places) {
    if (await removeLogin(path, host)) files.push(path);
    const helper = await helperOf(path, host);
    const question = { host: serverAddress(host), env: job.world.env, signal: job.signal };
    if (helper !== undefined && (await eraseWithHelper({ ...question, helper }))) helpers.add(helper);
  }
  for (const path of files) job.log.info(`Removed ${host} from ${path}`);
  for (const helper of helpers) job.log.info(`Removed ${host} from helper ${helper}`);
  const removed = files.length > 0 || helpers.size > 0;
  if (!removed) job.log.warn(`no file holds an account for ${host}: looked at ${places.map((place) => place.path).join(", ")}`);
  await job.out.result(
    { kind: "Logout", host, files, ...(helpers.size === 0 ? {} : { helpers: [...helpers] }) },
    { text: () => "", names: () => (removed ? [host] : []) },
  );
  return EXIT.done;
}
