import type { Flag } from "../command/types.ts";
import { UsageError } from "./errors.ts";
import { didYouMean } from "./nearest.ts";

/** What the command line held: the texts of each flag by its long name, in order, and the rest. */
export interface Scanned {
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly positionals: readonly string[];
}

interface Found {
  readonly name: string;
  readonly flag: Flag<unknown>;
}

/**
 * Splits arguments into flags and the rest, by the rules of Go's pflag, which `oc` and `kubectl` users have in their
 * fingers: `--flag value`, `--flag=value`, `-f value`, `-fvalue`, `-abc` for switches, `--switch=false` and never
 * `--switch false`, `--` ends flags, `-` is a value. Flags and other arguments may be mixed.
 * @throws UsageError for an unknown flag (with the nearest known one) and for a flag without its value
 */
export function scanArguments(args: readonly string[], known: ReadonlyMap<string, Flag<unknown>>): Scanned {
  const flags = new Map<string, string[]>();
  const positionals: string[] = [];
  const give = (found: Found, text: string): void => {
    const texts = flags.get(found.name);
    if (texts === undefined) flags.set(found.name, [text]);
    else texts.push(text);
  };
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? "";
    if (arg === "--") {
      positionals.push(...args.slice(index + 1));
      break;
    }
    const next = args[index + 1];
    if (arg.startsWith("--")) {
      if (scanLong(arg, next, known, give)) index += 1;
    } else if (arg.startsWith("-") && arg !== "-") {
      if (scanShort(arg, next, known, give)) index += 1;
    } else {
      positionals.push(arg);
    }
  }
  return { flags, positionals };
}

type Give = (found: Found, text: string) => void;

/** True when the next argument was taken as the value. */
function scanLong(arg: string, next: string | undefined, known: ReadonlyMap<string, Flag<unknown>>, give: Give): boolean {
  const equals = arg.indexOf("=");
  const written = equals < 0 ? arg.slice(2) : arg.slice(2, equals);
  const found = findLong(written, known);
  if (equals >= 0) {
    give(found, arg.slice(equals + 1));
    return false;
  }
  if (found.flag.kind === "switch") {
    give(found, "true");
    return false;
  }
  give(found, valueAfter(`--${written}`, found, next));
  return true;
}

function scanShort(arg: string, next: string | undefined, known: ReadonlyMap<string, Flag<unknown>>, give: Give): boolean {
  for (let index = 1; index < arg.length; index++) {
    const letter = arg[index] ?? "";
    const found = findShort(letter, arg, known);
    const rest = arg.slice(index + 1);
    if (found.flag.kind === "switch") {
      if (rest.startsWith("=")) {
        give(found, rest.slice(1));
        return false;
      }
      give(found, "true");
      continue;
    }
    if (rest !== "") {
      give(found, rest.startsWith("=") ? rest.slice(1) : rest);
      return false;
    }
    give(found, valueAfter(`-${letter}`, found, next));
    return true;
  }
  return false;
}

function valueAfter(written: string, found: Found, next: string | undefined): string {
  if (next === undefined || next.startsWith("--")) {
    throw new UsageError(`flag ${written} needs a value: ${found.flag.placeholder}`, {
      subject: written,
      ...(next === undefined ? {} : { hint: `If the value begins with dashes, write --${found.name}=VALUE.` }),
    });
  }
  return next;
}

function findLong(written: string, known: ReadonlyMap<string, Flag<unknown>>): Found {
  const flag = known.get(written);
  if (flag !== undefined) return { name: written, flag };
  for (const [name, candidate] of known) if (candidate.aliases?.includes(written) === true) return { name, flag: candidate };
  const names = [...known]
    .filter(([, candidate]) => candidate.hidden !== true)
    .flatMap(([name, candidate]) => [name, ...(candidate.aliases ?? [])]);
  throw new UsageError(`unknown flag --${written}`, {
    subject: `--${written}`,
    hint: didYouMean(written, names)?.replaceAll(/"([^"]+)"/g, '"--$1"'),
  });
}

function findShort(letter: string, arg: string, known: ReadonlyMap<string, Flag<unknown>>): Found {
  for (const [name, flag] of known) if (flag.short === letter) return { name, flag };
  const word = arg.slice(1).split("=")[0] ?? "";
  throw new UsageError(`unknown flag -${letter}${arg.length > 2 ? ` in ${arg}` : ""}`, {
    subject: `-${letter}`,
    hint: known.has(word) ? `Did you mean "--${word}"?` : undefined,
  });
}
