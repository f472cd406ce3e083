import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { OciError } from "../errors.ts";
import { mergeRegistriesConf, noRegistriesConf, parseRegistriesConf, type RegistriesConf } from "./registries-conf.ts";

export interface RegistriesConfLookup {
  /** From a flag; then the only file, and it must be there. */
  readonly path?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Root of the file system, for tests. */
  readonly root?: string | undefined;
}

/**
 * Loads registries.conf the way containers-registries.conf(5) says: flag or CONTAINERS_REGISTRIES_CONF alone; else the
 * user's file, or the system's where the user has none, and then both drop-in folders in alphabetical order.
 * @throws OciError `CONFIG_INVALID`
 */
export async function loadRegistriesConf(lookup: RegistriesConfLookup): Promise<RegistriesConf> {
  const { env, home, root = "/" } = lookup;
  const named = lookup.path ?? (env["CONTAINERS_REGISTRIES_CONF"] || undefined);
  if (named !== undefined) return parseRegistriesConf(await required(named), named);
  const user = join(env["XDG_CONFIG_HOME"] || join(home, ".config"), "containers");
  const system = join(root, "etc/containers");
  const files: RegistriesConf[] = [];
  for (const folder of [user, system]) {
    const path = join(folder, "registries.conf");
    const text = await optional(path);
    if (text === undefined) continue;
    files.push(parseRegistriesConf(text, path));
    break;
  }
  for (const folder of [join(system, "registries.conf.d"), join(user, "registries.conf.d")]) {
    for (const path of await dropIns(folder)) files.push(parseRegistriesConf(await required(path), path));
  }
  return files.length === 0 ? noRegistriesConf : mergeRegistriesConf(files);
}

async function dropIns(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => name.endsWith(".conf"))
      .sort()
      .map((name) => join(folder, name));
  } catch (cause) {
    if (isAbsent(cause)) return [];
    throw unreadable(folder, cause);
  }
}

async function optional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (isAbsent(cause)) return undefined;
    throw unreadable(path, cause);
  }
}

async function required(path: string): Promise<string> {
  const text = await optional(path);
  if (text !== undefined) return text;
  throw new OciError({
    code: "CONFIG_INVALID",
    message: `Cannot read ${path}: there is no such file`,
    subject: path,
    hint: "Check --registries-conf and CONTAINERS_REGISTRIES_CONF.",
  });
}

function isAbsent(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR");
}

function unreadable(path: string, cause: unknown): OciError {
  return new OciError({ code: "CONFIG_INVALID", message: `Cannot read ${path}`, subject: path, cause });
}
