import { everyFlags } from "../command/every-flags.ts";
import { allCommands } from "../command/find.ts";
import type { Command, Flag, Group } from "../command/types.ts";
import { VERSION } from "../version.ts";
import { exitsOf, flagBrief, flagTitle, usageLine } from "./command.ts";
import { exitMeaning } from "./exits.ts";

/** The manual page of the whole program, in roff, from the commands' data. */
export function manPage(tree: Group): string {
  const every = Object.entries(everyFlags) as [string, Flag<unknown>][];
  const commands = [...allCommands(tree)];
  const exits = [...new Set(commands.flatMap(([, command]) => exitsOf(command)))].sort((a, b) => a - b);
  return [
    `.TH SKERRY 1 "" "skerry ${VERSION}" "User Commands"`,
    ".SH NAME",
    `skerry \\- ${roff(tree.brief.charAt(0).toLowerCase() + tree.brief.slice(1))}`,
    ".SH SYNOPSIS",
    ".B skerry\n.I COMMAND\n[flags] [arguments]",
    ".SH FLAGS OF EVERY COMMAND",
    ...every.map(flagLines),
    ".SH COMMANDS",
    ...commands.map(([words, command]) => commandLines(words, command)),
    ".SH EXIT STATUS",
    ...exits.map((code) => `.TP\n.B ${code}\n${roff(exitMeaning(code))}`),
    ".SH ENVIRONMENT",
    ".TP\n.B SKERRY_<FLAG>\nthe value of any long flag, such as SKERRY_LIMIT_RATE=20MB. Order: flag, environment, configuration file, default.",
    ".SH FILES",
    ".TP\n.I $XDG_CONFIG_HOME/skerry/config.yaml\nthe same names as long flags; unknown keys are refused.",
    "",
  ].join("\n");
}

function commandLines(words: readonly string[], command: Command): string {
  const flags = [...command.flags].filter(([, flag]) => flag.hidden !== true);
  return [
    `.SS ${roff(words.join(" "))}`,
    `.B ${roff(usageLine(words, command))}`,
    ".PP",
    roff(`${command.brief}.`),
    ...command.details.map((paragraph) => `.PP\n${roff(paragraph)}`),
    ...flags.map(flagLines),
    ...command.examples.map((example) => `.PP\n${roff(example.does)}:\n.PP\n.RS\n.EX\n${roff(example.command)}\n.EE\n.RE`),
  ].join("\n");
}

function flagLines([name, flag]: readonly [string, Flag<unknown>]): string {
  return `.TP\n.B ${roff(flagTitle(name, flag))}\n${roff(flagBrief(flag))}`;
}

function roff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll(/^(['.])/gm, "\\&$1");
}
