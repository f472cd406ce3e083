import type { Log } from "../output/log.ts";
import type { Printer } from "../output/printer.ts";
import type { Progress } from "../progress/types.ts";
import type { World } from "../world/types.ts";
import type { EveryFlags } from "./every-values.ts";

/** One flag as data. `read` turns the texts that were given (in order, the last one decides for single values) into the value. */
export interface Flag<V> {
  readonly kind: "switch" | "value" | "list";
  readonly brief: string;
  /** What help shows for the value: `FILE`, `text|json`. Empty for switches. */
  readonly placeholder: string;
  readonly short?: string;
  /** Other long names, without dashes. */
  readonly aliases?: readonly string[];
  /** Shown in help; what `read([])` stands for. */
  readonly defaultText?: string;
  /** Closed list of values, for completion. */
  readonly values?: readonly string[];
  /** Not listed by help: accepted for scripts of other tools. */
  readonly hidden?: boolean;
  /** Only from the command line: never from `SKERRY_*` or the configuration file (a secret, or a word about this one call). */
  readonly callOnly?: boolean;
  /**
   * May be asynchronous, so that a package whose parser reads the value is loaded only when there is one.
   * @throws UsageError saying what is wrong with the value
   */
  read(texts: readonly string[]): V | Promise<V>;
}

/** The flags that make up the values `V`; keys are the long names without dashes. */
export type FlagSet<V> = { readonly [K in keyof V]: Flag<V[K]> };

export interface Positional {
  /** As in the usage line: `SRC`. */
  readonly name: string;
  readonly brief: string;
  /** `some` = one or more, `any` = none or more; both only in last place. */
  readonly count: "one" | "optional" | "some" | "any";
}

export interface Example {
  readonly command: string;
  readonly does: string;
}

/** What a command's `run` gets. */
export interface Job<F> {
  readonly flags: F;
  readonly every: EveryFlags;
  /** The flags of this command line, as they were written, by their long names. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  /** Positional arguments, their number already checked. */
  readonly args: readonly string[];
  readonly world: World;
  /** All words, for completion scripts and manual pages. */
  readonly tree: Group;
  readonly out: Printer;
  readonly log: Log;
  readonly progress: Progress;
  /** Aborted by SIGINT, SIGTERM and the end of stdout's reader. */
  readonly signal: AbortSignal;
}

/** What a command's run module exports. */
export interface CommandModule<V> {
  /** Does the work and returns the exit code of section 7. */
  run(job: Job<V>): Promise<number>;
}

/** A command as data. Everything that help, completion and man pages show is here; the work is loaded when it is chosen. */
export interface CommandSpec<V> {
  readonly brief: string;
  /** Paragraphs under the usage line. */
  readonly details?: readonly string[];
  readonly positionals?: readonly Positional[];
  readonly flags: FlagSet<V>;
  readonly examples: readonly Example[];
  /** Exit codes besides 0, 1 and 2 that it can end with. */
  readonly exits?: readonly number[];
  readonly load: () => Promise<CommandModule<V>>;
}

/** A command whose flag types are forgotten, for the tree of words. */
export interface Command {
  readonly brief: string;
  readonly details: readonly string[];
  readonly positionals: readonly Positional[];
  readonly flags: ReadonlyMap<string, Flag<unknown>>;
  readonly examples: readonly Example[];
  readonly exits: readonly number[];
  run(job: Job<unknown>): Promise<number>;
}

/** A word that holds words. */
export interface Group {
  readonly brief: string;
  readonly words: ReadonlyMap<string, Command | Group>;
}

/** Makes a command out of its data. */
export function command<V>(spec: CommandSpec<V>): Command {
  return {
    brief: spec.brief,
    details: spec.details ?? [],
    positionals: spec.positionals ?? [],
    flags: new Map(Object.entries(spec.flags) as [string, Flag<unknown>][]),
    examples: spec.examples,
    exits: spec.exits ?? [],
    run: async (job) => (await spec.load()).run(job as Job<V>),
  };
}

/** Makes a word that holds words. */
export function group(brief: string, words: Readonly<Record<string, Command | Group>>): Group {
  return { brief, words: new Map(Object.entries(words)) };
}

/** True for a word that holds words. */
export function isGroup(node: Command | Group): node is Group {
  return "words" in node;
}
