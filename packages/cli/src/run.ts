import { isUsageError, UsageError } from "./args/errors.ts";
import { scanArguments } from "./args/scan.ts";
import { readFlags } from "./args/sources.ts";
import { everyFlags, OUTPUT_FORMATS, type OutputFormat } from "./command/every-flags.ts";
import type { EveryFlags } from "./command/every-values.ts";
import { type Found, findCommand } from "./command/find.ts";
import type { Job } from "./command/job.ts";
import { type Command, type Flag, isGroup, type Positional } from "./command/types.ts";
import { tree } from "./commands/tree.ts";
import { readConfigFile } from "./config-file.ts";
import { commandHelp } from "./help/command.ts";
import { groupHelp } from "./help/group.ts";
import { describeError, EXIT, exitCodeOf, formatError, formatErrorLine } from "./output/error.ts";
import { createLog } from "./output/log.ts";
import { openLogFile } from "./output/log-file.ts";
import { createPrinter } from "./output/printer.ts";
import { createScreen } from "./output/screen.ts";
import { createProgress } from "./progress/create.ts";
import { VERSION } from "./version.ts";
import { Interruption, OutputClosedError, type World } from "./world/types.ts";

/**
 * Runs one command line and returns its exit code (section 7 of the contract). The result goes to the world's stdout,
 * everything else to its stderr. Never throws.
 */
export async function runCli(args: readonly string[], world: World): Promise<number> {
  try {
    return await start(args, world);
  } catch (error) {
    return fail(error, world, { format: wantedFormat(args), color: colored(world, args.includes("--no-color")) });
  }
}

async function start(args: readonly string[], world: World): Promise<number> {
  const found = findCommand(helpFirst(args), tree);
  const { node, words } = found;
  if (isGroup(node)) return groupHelpOrVersion(found, world);
  const flags = new Map<string, Flag<unknown>>([...(Object.entries(everyFlags) as [string, Flag<unknown>][]), ...node.flags]);
  if (asksHelp(found.rest, flags)) {
    await createPrinter(world.stdout, "text").text(commandHelp(words, node));
    return EXIT.done;
  }
  const scanned = scanLine(found.rest, flags, words);
  if (scanned.flags.get("version")?.at(-1) === "true" && !node.flags.has("version")) return printVersion(world);
  const file = await readConfigFile(world, tree);
  const values = await readFlags(flags, { given: scanned.flags, env: world.env, file: file.flags, filePath: file.path });
  checkPositionals(scanned.positionals, node.positionals, words);
  return runCommand(node, { values, given: scanned.flags, args: scanned.positionals, world });
}

/** What cannot be read has at least the way to the help as its hint. */
function scanLine(
  rest: readonly string[],
  flags: ReadonlyMap<string, Flag<unknown>>,
  words: readonly string[],
): ReturnType<typeof scanArguments> {
  try {
    return scanArguments(rest, flags);
  } catch (error) {
    if (!isUsageError(error) || error.hint !== undefined) throw error;
    throw new UsageError(error.message, { subject: error.subject, hint: helpHint(words), cause: error });
  }
}

function helpHint(words: readonly string[]): string {
  return `See "skerry ${words.join(" ")} --help".`;
}

interface Call {
  readonly values: Readonly<Record<string, unknown>>;
  readonly given: ReadonlyMap<string, readonly string[]>;
  readonly args: readonly string[];
  readonly world: World;
}

async function runCommand(node: Command, call: Call): Promise<number> {
  const { world, args, values, given } = call;
  const every = values as unknown as EveryFlags;
  const format = OUTPUT_FORMATS.find((known) => known === every.output) ?? "text";
  const color = colored(world, every["no-color"]);
  const screen = createScreen(world.stderr, color);
  await using logFile = await openLogFile(every["log-file"], world);
  const now = (): Date => world.now();
  const level = every.quiet ? "error" : every["log-level"];
  const log = createLog({ screen, level, file: logFile, now, asEvents: every.progress === "json" });
  const progress = createProgress(every.progress, screen, { quiet: every.quiet, now: () => world.now().getTime() });
  const job: Job<unknown> = {
    tree,
    flags: values,
    every,
    given,
    args,
    world,
    out: createPrinter(world.stdout, format),
    log,
    progress,
    signal: world.signal,
  };
  try {
    const code = await node.run(job);
    progress.stop();
    return code;
  } catch (error) {
    progress.stop();
    logFile?.append(JSON.stringify({ at: world.now().toISOString(), level: "error", ...describeError(error) }));
    return fail(error, world, { format, color, asEvent: every.progress === "json" });
  }
}

interface ErrorForm {
  readonly format: OutputFormat;
  readonly color: boolean;
  /** On one line, for who reads events. */
  readonly asEvent?: boolean;
}

function fail(error: unknown, world: World, how: ErrorForm): number {
  if (error instanceof OutputClosedError) return EXIT.done;
  // An abort that reaches us as somebody else's error is still the interruption that caused it.
  const reason: unknown = world.signal.aborted && world.signal.reason instanceof Interruption ? world.signal.reason : error;
  world.stderr.write(how.asEvent === true ? formatErrorLine(reason) : formatError(reason, how.format, how.color));
  return exitCodeOf(reason);
}

async function groupHelpOrVersion(found: Found, world: World): Promise<number> {
  const flags = new Map(Object.entries(everyFlags) as [string, Flag<unknown>][]);
  const scanned = scanArguments(found.rest, flags);
  if (scanned.flags.get("version")?.at(-1) === "true") return printVersion(world);
  if (!isGroup(found.node)) return EXIT.failed;
  const text = groupHelp(found.words, found.node);
  if (scanned.flags.get("help")?.at(-1) === "true" || found.words.length === 0) {
    await createPrinter(world.stdout, "text").text(text);
    return scanned.flags.has("help") || found.rest.length === 0 ? EXIT.done : EXIT.usage;
  }
  world.stderr.write(text);
  throw new UsageError(`a word is missing after "${found.words.join(" ")}"`, {
    hint: `Known words: ${[...found.node.words.keys()].join(", ")}.`,
  });
}

async function printVersion(world: World): Promise<number> {
  await world.stdout.write(`skerry ${VERSION}\n`);
  return EXIT.done;
}

/** `skerry help copy` is `skerry copy --help`. */
function helpFirst(args: readonly string[]): readonly string[] {
  return args[0] === "help" ? [...args.slice(1), "--help"] : args;
}

/** Help is shown even where the rest of the line has faults. */
function asksHelp(rest: readonly string[], flags: ReadonlyMap<string, Flag<unknown>>): boolean {
  const end = rest.indexOf("--");
  const own = end < 0 ? rest : rest.slice(0, end);
  if (own.includes("--help")) return true;
  if (!own.includes("-h")) return false;
  try {
    return scanArguments(own, flags).flags.has("help");
  } catch {
    return true;
  }
}

function checkPositionals(args: readonly string[], wanted: readonly Positional[], words: readonly string[]): void {
  const least = wanted.filter((positional) => positional.count === "one" || positional.count === "some").length;
  const open = wanted.some((positional) => positional.count === "some" || positional.count === "any");
  const name = words.join(" ");
  const missing = wanted.filter((positional) => positional.count === "one" || positional.count === "some")[args.length];
  if (args.length < least && missing !== undefined) {
    throw new UsageError(`skerry ${name}: ${missing.name} is missing: ${missing.brief}`, { hint: helpHint(words) });
  }
  const extra = args[wanted.length];
  if (!open && extra !== undefined) {
    throw new UsageError(`skerry ${name}: unexpected argument ${JSON.stringify(extra)}`, {
      subject: extra,
      hint: `It takes ${wanted.length === 0 ? "no arguments" : wanted.map((one) => one.name).join(" ")}. ${helpHint(words)}`,
    });
  }
}

/** The format of errors before the flags could be read. */
function wantedFormat(args: readonly string[]): OutputFormat {
  const text = args
    .map(
      (arg, index) =>
        /^(?:--output=|-o=?)(json|yaml)$/.exec(arg)?.[1] ?? (arg === "-o" || arg === "--output" ? args[index + 1] : undefined),
    )
    .findLast((value) => value !== undefined);
  return text === "json" || text === "yaml" ? text : "text";
}

function colored(world: World, off: boolean): boolean {
  const no = world.env["NO_COLOR"];
  return world.stderr.isTTY && !off && (no === undefined || no === "") && world.env["TERM"] !== "dumb";
}
