import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { load } from "js-yaml";
import { UsageError } from "./args/errors.ts";
import { type FileFlags, readFileFlags } from "./args/sources.ts";
import { everyFlags } from "./command/every-flags.ts";
import { allCommands } from "./command/find.ts";
import type { Flag, Group } from "./command/types.ts";
import type { World } from "./world/types.ts";

const MAX_BYTES = 1024 * 1024;

/**
 * Reads `$XDG_CONFIG_HOME/skerry/config.yaml` (`~/.config` without the variable): defaults for flags, by their long
 * names. A missing file is an empty one.
 * @throws UsageError when it is unreadable or holds anything but known flags
 */
export async function readConfigFile(world: World, tree: Group): Promise<{ readonly path: string; readonly flags: FileFlags }> {
  const base = world.env["XDG_CONFIG_HOME"];
  const path = join(base === undefined || base === "" ? join(world.home, ".config") : base, "skerry", "config.yaml");
  const text = await textOf(path);
  if (text === undefined) return { path, flags: new Map() };
  let document: unknown;
  try {
    document = load(text);
  } catch (cause) {
    throw new UsageError(`cannot read ${path}: it is not YAML`, { subject: path, cause });
  }
  return { path, flags: readFileFlags(document, path, everyKnownFlag(tree)) };
}

function everyKnownFlag(tree: Group): ReadonlyMap<string, Flag<unknown>> {
  const known = new Map<string, Flag<unknown>>(Object.entries(everyFlags) as [string, Flag<unknown>][]);
  for (const [, found] of allCommands(tree)) {
    // A name may be another flag elsewhere (`--config` of `inspect`): one command that takes it from a file is enough.
    for (const [name, flag] of found.flags) if ((known.get(name)?.callOnly ?? true) && !(name in everyFlags)) known.set(name, flag);
  }
  return known;
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    const bytes = await readFile(path);
    if (bytes.byteLength > MAX_BYTES) throw new UsageError(`cannot use ${path}: it is larger than 1 MiB`, { subject: path });
    return bytes.toString("utf8");
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return undefined;
    throw error;
  }
}
