import { UsageError } from "../args/errors.ts";
import { didYouMean } from "../args/nearest.ts";
import { scanArguments } from "../args/scan.ts";
import { everyFlags } from "./every-flags.ts";
import { type Command, type Flag, type Group, isGroup } from "./types.ts";

/** What the words of a command line lead to. */
export interface Found {
  readonly words: readonly string[];
  readonly node: Command | Group;
  /** Everything else, in order: flags that stood before the words come first. */
  readonly rest: readonly string[];
}

/**
 * Follows the words at the beginning of a command line into the tree. Flags of every command may stand before and
 * between the words.
 * @throws UsageError for an unknown word, with the nearest known one
 */
export function findCommand(args: readonly string[], root: Group): Found {
  const known = new Map(Object.entries(everyFlags) as [string, Flag<unknown>][]);
  const words: string[] = [];
  const before: string[] = [];
  let node: Command | Group = root;
  let index = 0;
  while (isGroup(node) && index < args.length) {
    const arg = args[index] ?? "";
    if (arg === "--") break;
    if (arg.startsWith("-") && arg !== "-") {
      const taken = flagLength(arg, args[index + 1], known);
      before.push(...args.slice(index, index + taken));
      index += taken;
      continue;
    }
    const next: Command | Group | undefined = node.words.get(arg);
    if (next === undefined) throw unknownWord(arg, words, node);
    words.push(arg);
    node = next;
    index += 1;
  }
  return { words, node, rest: [...before, ...args.slice(index)] };
}

/** All commands below a group with the words that lead to them, in the tree's order. */
export function* allCommands(node: Group, words: readonly string[] = []): Generator<readonly [readonly string[], Command]> {
  for (const [word, child] of node.words) {
    if (isGroup(child)) yield* allCommands(child, [...words, word]);
    else yield [[...words, word], child];
  }
}

function flagLength(arg: string, next: string | undefined, known: ReadonlyMap<string, Flag<unknown>>): number {
  try {
    const alone = next === undefined ? [arg] : [arg, next];
    return 1 + (scanArguments(alone, known).positionals.length === 0 && next !== undefined && !next.startsWith("-") ? 1 : 0);
  } catch (error) {
    if (!(error instanceof UsageError) || error.hint?.startsWith("Did you mean") === true) throw error;
    throw new UsageError(error.message, { subject: error.subject, hint: "Flags of a single command stand after its words." });
  }
}

function unknownWord(word: string, words: readonly string[], node: Group): UsageError {
  const known = [...node.words.keys()];
  return new UsageError(`unknown word ${JSON.stringify(word)}${words.length === 0 ? "" : ` after "${words.join(" ")}"`}`, {
    subject: word,
    hint: didYouMean(word, known) ?? `Known words: ${known.join(", ")}.`,
  });
}
