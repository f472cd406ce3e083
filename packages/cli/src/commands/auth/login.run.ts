import { join } from "node:path";
import { authFilePlaces, isOciError, OciError, RealmFile, serverAddress, storeWithHelper } from "@skerry/oci";
import { UsageError } from "../../args/errors.ts";
import { helperOf, removeLogin, storeLogin } from "../../auth/auth-files.ts";
import { readPassword } from "../../auth/read-password.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { parseHost } from "../../names/image-name.ts";
import { EXIT } from "../../output/error.ts";
import { openRegistries, realmPath } from "../../registries/open.ts";
import type { LoginFlags } from "./login.ts";

/** Checks the account against the registry, then keeps it. */
export async function run(job: Job<LoginFlags>): Promise<number> {
  const host = parseHost(job.args[0] ?? "");
  const username = job.flags.username ?? (await job.world.stdin.ask(`User name for ${host}: `));
  if (username === undefined || username === "") throw new UsageError("no user name", { hint: "Name it with --username." });
  if (username.includes(":")) throw new UsageError("a user name cannot hold a colon", { subject: username });
  const password = await passwordOf(job, host);
  const credential = { kind: "basic", username, password } as const;
  const realms = await RealmFile.open(realmPath(job.world), [host]);
  const credentials = { find: async (asked: string) => (asked === host ? credential : undefined) };
  await using registries = await openRegistries(job, { sources: [host], destinations: [host] }, { credentials, realms });
  try {
    await registries.ping(host, job.signal);
  } catch (error) {
    throw isOciError(error) && error.code === "UNAUTHORIZED" ? refused(error, { host, username }) : error;
  }
  await realms.save();
  const path = authFile(job);
  const helper = await keep(job, path, { host, username, password });
  job.log.info(`Logged in to ${host} as ${username}; kept ${helper === undefined ? "in" : `by helper ${helper}, as says`} ${path}`);
  const runtime = job.world.env["XDG_RUNTIME_DIR"];
  if (helper === undefined && runtime !== undefined && runtime !== "" && path.startsWith(join(runtime, "/"))) {
    job.log.warn("that file is gone after a reboot; --authfile names one that stays");
  }
  await job.out.result(
    { kind: "Login", host, username, file: path, ...(helper === undefined ? {} : { helper }) },
    { text: () => "", names: () => [host] },
  );
  return EXIT.done;
}

/** To log in is what is being done: that is no advice here. */
function refused(cause: OciError, { host, username }: { readonly host: string; readonly username: string }): OciError {
  return new OciError({
    code: cause.code,
    message: `Cannot log in to ${host} as ${username}: the registry refuses this user name or password`,
    subject: host,
    host: cause.host ?? host,
    ...(cause.status === undefined ? {} : { status: cause.status }),
    ...(cause.registryCode === undefined ? {} : { registryCode: cause.registryCode }),
    hint: "Check both and try again; nothing was kept.",
    cause,
  });
}

/** Keeps the account in the file, or with the helper to which the file leaves the host; returns that helper. */
async function keep(
  job: Job<LoginFlags>,
  path: string,
  login: { readonly host: string; readonly username: string; readonly password: string },
): Promise<string | undefined> {
  const helper = await helperOf(path, login.host);
  if (helper === undefined) {
    await storeLogin(path, login);
    return undefined;
  }
  await storeWithHelper({ helper, host: serverAddress(login.host), env: job.world.env, signal: job.signal }, login);
  // An older password in the file would be found before the one that the helper keeps.
  await removeLogin(path, login.host);
  return helper;
}

/** The file that is written: the one that was named, else the first of the look-up order. */
function authFile(job: Job<LoginFlags>): string {
  const { authfile } = job.flags;
  const places = authFilePlaces({
    authfile: authfile === undefined ? undefined : pathOf(job, authfile),
    env: job.world.env,
    home: job.world.home,
  });
  return pathOf(job, places[0]?.path ?? ".config/containers/auth.json");
}

async function passwordOf(job: Job<LoginFlags>, host: string): Promise<string> {
  const { password, "password-file": file, "password-stdin": stdin } = job.flags;
  const given = [password !== undefined, file !== undefined, stdin].filter(Boolean).length;
  if (given > 1) throw new UsageError("the password was given in more than one way");
  if (password !== undefined) {
    job.log.warn("others on this machine can read a password that is given with -p; use --password-file or --password-stdin");
    return password;
  }
  return readPassword(job, host);
}
