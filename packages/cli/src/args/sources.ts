import type { Flag } from "../command/types.ts";
import { UsageError } from "./errors.ts";
import { didYouMean } from "./nearest.ts";

/** Texts of flags by their long name, as the configuration file gives them. */
export type FileFlags = ReadonlyMap<string, readonly string[]>;

export interface FlagSources {
  readonly given: ReadonlyMap<string, readonly string[]>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: FileFlags;
  /** Of the configuration file, for messages. */
  readonly filePath: string;
}

/** `SKERRY_LIMIT_RATE` for `limit-rate`. */
export function environmentName(flag: string): string {
  return `SKERRY_${flag.toUpperCase().replaceAll("-", "_")}`;
}

/**
 * The value of each flag: from the command line, else the environment, else the configuration file, else its default.
 * @throws UsageError naming the flag and where its value came from
 */
export async function readFlags(flags: ReadonlyMap<string, Flag<unknown>>, sources: FlagSources): Promise<Record<string, unknown>> {
  const values: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, flag] of flags) {
    const { texts, where } = textsOf(name, flag, sources);
    try {
      values[name] = await flag.read(texts);
    } catch (error) {
      // Values are read by the packages' own parsers too; whatever they say is about this flag.
      if (!(error instanceof Error)) throw error;
      const hint = "hint" in error && typeof error.hint === "string" ? error.hint : undefined;
      throw new UsageError(`${where}: ${error.message}`, { subject: `--${name}`, hint, cause: error });
    }
  }
  return values;
}

function textsOf(name: string, flag: Flag<unknown>, sources: FlagSources): { texts: readonly string[]; where: string } {
  const given = sources.given.get(name);
  if (given !== undefined) return { texts: given, where: `flag --${name}` };
  if (flag.callOnly === true) return { texts: [], where: `flag --${name}` };
  const variable = environmentName(name);
  const text = sources.env[variable];
  // An empty variable counts as unset, as everywhere in a shell.
  if (text !== undefined && text !== "") return { texts: flag.kind === "list" ? listItems(text) : [text], where: variable };
  const fromFile = sources.file.get(name);
  if (fromFile !== undefined) return { texts: fromFile, where: `${sources.filePath}, key ${name}` };
  return { texts: [], where: `flag --${name}` };
}

function listItems(text: string): string[] {
  return text
    .split(/[,\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/**
 * Checks a parsed configuration file: one mapping of long flag names to scalars, lists for flags that may be repeated.
 * `known` holds the flags of all commands, so that one file serves every command.
 * @throws UsageError for an unknown or forbidden key or a value of another shape
 */
export function readFileFlags(document: unknown, path: string, known: ReadonlyMap<string, Flag<unknown>>): FileFlags {
  const found = new Map<string, readonly string[]>();
  if (document === undefined || document === null) return found;
  if (typeof document !== "object" || Array.isArray(document)) {
    throw new UsageError(`cannot use ${path}: expected a mapping of flag names to values`, { subject: path });
  }
  for (const [key, value] of Object.entries(document)) {
    const flag = known.get(key);
    if (flag === undefined) {
      throw new UsageError(`cannot use ${path}: unknown key ${JSON.stringify(key)}`, {
        subject: key,
        hint: didYouMean(key, [...known.keys()]),
      });
    }
    if (flag.callOnly === true) {
      throw new UsageError(`cannot use ${path}: ${key} is taken from the command line only`, {
        subject: key,
        hint: "Secrets and answers for a single call have no place in this file.",
      });
    }
    found.set(key, scalars(value, key, flag, path));
  }
  return found;
}

function scalars(value: unknown, key: string, flag: Flag<unknown>, path: string): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) && flag.kind === "list" ? value : [value];
  return items.map((item) => {
    if (typeof item === "string" || typeof item === "number" || typeof item === "boolean") return String(item);
    throw new UsageError(`cannot use ${path}: ${key} is not ${flag.kind === "list" ? "a list of texts" : "a single value"}`, {
      subject: key,
    });
  });
}
