import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { CatalogError } from "../errors.ts";
import { openConverted, withExtras } from "../open/converted-catalog.ts";
import { convertPackageManifests } from "../packagemanifest/documents.ts";
import type { Catalog, CatalogProblem } from "../types.ts";
import { AppRegistry, type AppRegistryOptions, type AppRegistryPackage } from "./client.ts";
import { unpackArchive } from "./unpack.ts";

/** An account at an app registry. */
export interface AppRegistryLogin {
  readonly username: string;
  readonly password: string;
}

export interface OpenAppRegistryOptions extends AppRegistryOptions {
  /** Asked for a token before anything else; the token lives as long as the catalog is being downloaded. */
  readonly login?: AppRegistryLogin | undefined;
  /** `redhat-operators`, `community-operators` … */
  readonly organisation: string;
  /** Only these packages; all unless given. */
  readonly packages?: readonly string[] | undefined;
  /** Private directory for what is downloaded; removed when the catalog is closed. */
  readonly workdir: string;
}

/**
 * Downloads the packages of an organisation and opens them as a catalog. A package that cannot be had is a row, and the
 * others go on.
 * @throws CatalogError `APPREGISTRY_FAILED` when the list cannot be had or holds none of the packages
 */
export async function openAppRegistry(options: OpenAppRegistryOptions): Promise<Catalog> {
  const registry = await loggedIn(options);
  const listed = await registry.packages(options.organisation);
  const wanted = listed.filter((one) => options.packages === undefined || options.packages.includes(one.name));
  if (wanted.length === 0) {
    throw new CatalogError({
      code: "APPREGISTRY_FAILED",
      message: `Cannot find packages of ${options.organisation}: ${listed.length === 0 ? "it has none" : "none of those asked for is among them"}`,
      subject: options.organisation,
      hint: "Check --appregistry-org; a private organisation needs a token.",
    });
  }
  await mkdir(options.workdir, { recursive: true, mode: 0o700 });
  const directory = await mkdtemp(join(options.workdir, "appregistry-"));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const problems: CatalogProblem[] = [];
    for (const one of wanted) {
      options.signal?.throwIfAborted();
      const problem = await download(registry, one, join(directory, one.name));
      if (problem !== undefined) problems.push(problem);
    }
    const catalog = await openConverted(
      (onProblem) => convertPackageManifests(directory, { keepValues: true, onProblem, signal: options.signal }),
      {
        name: `${options.organisation} (app registry)`,
        workdir: options.workdir,
        signal: options.signal,
      },
    );
    return withExtras(catalog, problems, remove);
  } catch (error) {
    await remove();
    throw error;
  }
}

async function loggedIn(options: OpenAppRegistryOptions): Promise<AppRegistry> {
  const registry = new AppRegistry(options);
  if (options.login === undefined) return registry;
  const authToken = await registry.login(options.login.username, options.login.password);
  return new AppRegistry({ ...options, authToken });
}

async function download(registry: AppRegistry, one: AppRegistryPackage, directory: string): Promise<CatalogProblem | undefined> {
  try {
    await unpackArchive(await registry.archive(one), directory);
    return undefined;
  } catch (error) {
    if (!(error instanceof CatalogError)) throw error;
    await rm(directory, { recursive: true, force: true });
    return {
      code: "PACKAGE_INVALID",
      severity: "error",
      subject: one.name,
      package: one.name,
      action: "dropped",
      message: error.message,
      hint: error.hint ?? "Run again, or leave the package out.",
    };
  }
}
