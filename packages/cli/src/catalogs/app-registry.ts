import { readFile } from "node:fs/promises";
import { type Catalog, openAppRegistry } from "@skerry/catalog";
import { HttpEngine, proxiesFromEnvironment } from "@skerry/oci";
import { UsageError } from "../args/errors.ts";
import { type Job, pathOf } from "../command/job.ts";

/** The flags that name an app registry. */
export interface AppRegistryFlags {
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
 * @throws CatalogError `APPREGISTRY_FAILED`; UsageError for a token file that cannot be read
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
    const catalog = await openAppRegistry({ http, endpoint, authToken, organisation, workdir, signal: job.signal });
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
