import { readFile } from "node:fs/promises";
import { type AppRegistryLogin, type Catalog, openAppRegistry } from "@skerry/catalog";
import { HttpEngine, proxiesFromEnvironment } from "@skerry/oci";
import { UsageError } from "../args/errors.ts";
import { type PasswordSource, readPassword } from "../auth/read-password.ts";
import { type Job, pathOf } from "../command/job.ts";

/** The flags that name an app registry. */
export interface AppRegistryFlags extends PasswordSource {
  readonly "appregistry-user": string | undefined;
  readonly "appregistry-org": string | undefined;
  readonly "appregistry-endpoint": string | undefined;
  readonly "auth-token": string | undefined;
  readonly "auth-token-file": string | undefined;
}

/** A catalog out of an app registry, and the connections that it was read with. */
export interface OpenedAppRegistry extends AsyncDisposable {
  readonly catalog: Catalog;
}

/**
 * Downloads the packages of an organisation. An endpoint that is written with `http:` is spoken to without TLS.
 * @throws CatalogError `APPREGISTRY_FAILED`; UsageError for a token file or a password that cannot be read
 */
export async function openAppRegistryCatalog(
  job: Job<AppRegistryFlags>,
  organisation: string,
  workdir: string,
): Promise<OpenedAppRegistry> {
  const endpoint = job.flags["appregistry-endpoint"];
  const http = new HttpEngine({
    isInsecure: () => endpoint?.startsWith("http:") === true,
    proxies: proxiesFromEnvironment(job.world.env),
  });
  try {
    const authToken = await tokenOf(job);
    const login = await loginOf(job, authToken);
    const catalog = await openAppRegistry({ http, endpoint, authToken, login, organisation, workdir, signal: job.signal });
    for (const problem of catalog.problems) job.log.warn(`${problem.code} ${problem.message}`, { ...problem });
    return {
      catalog,
      async [Symbol.asyncDispose]() {
        await catalog.close();
        await http.close();
      },
    };
  } catch (error) {
    await http.close();
    throw error;
  }
}

async function loginOf(job: Job<AppRegistryFlags>, token: string | undefined): Promise<AppRegistryLogin | undefined> {
  const { "appregistry-user": username, "password-stdin": stdin, "password-file": file } = job.flags;
  if (username === undefined || username === "") {
    if (!stdin && file === undefined) return undefined;
    throw new UsageError("no user name for the password", { subject: "--appregistry-user", hint: "Name it with --appregistry-user." });
  }
  if (token !== undefined && token !== "")
    throw new UsageError("a token and an account exclude each other", { subject: "--appregistry-user", hint: "Leave one of the two out." });
  return { username, password: await readPassword(job, job.flags["appregistry-endpoint"] ?? "quay.io") };
}

async function tokenOf(job: Job<AppRegistryFlags>): Promise<string | undefined> {
  const { "auth-token": token, "auth-token-file": file } = job.flags;
  if (token !== undefined && token !== "") job.log.warn("others on this machine can read --auth-token; use --auth-token-file");
  if (file === undefined || file === "") return token;
  try {
    return (await readFile(pathOf(job, file), "utf8")).trim();
  } catch (cause) {
    throw new UsageError(`cannot read ${file}`, {
      subject: "--auth-token-file",
      cause,
      hint: "Write the token of the login call into it.",
    });
  }
}
