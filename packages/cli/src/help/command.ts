import { contentFlags } from "../command/content-flags.ts";
import { everyFlags } from "../command/every-flags.ts";
import { registryFlags } from "../command/registry-flags.ts";
import type { Command, Flag, Positional } from "../command/types.ts";
import { exitMeaning } from "./exits.ts";

const USAGE: Readonly<Record<Positional["count"], (name: string) => string>> = {
  one: (name) => name,
  optional: (name) => `[${name}]`,
  some: (name) => `${name}…`,
  any: (name) => `[${name}…]`,
};

/** Usage line: `skerry copy [flags] SRC DST [DST…]`. */
export function usageLine(words: readonly string[], command: Command): string {
  const positionals = command.positionals.map(({ name, count }) => USAGE[count](name));
  return ["skerry", ...words, "[flags]", ...positionals].join(" ");
}

/** Help of one command: usage line, arguments, flags with their defaults, examples, exit codes. */
export function commandHelp(words: readonly string[], command: Command): string {
  const parts = [`${capital(command.brief)}.`, `Usage:\n  ${usageLine(words, command)}`, ...command.details];
  if (command.positionals.length > 0) {
    parts.push(section("Arguments", rows(command.positionals.map((positional) => [positional.name, positional.brief]))));
  }
  for (const { title, flags } of flagGroups(command))
    parts.push(section(title, rows(flags.map(([name, flag]) => [flagTitle(name, flag), flagBrief(flag)]))));
  if (command.examples.length > 0) {
    parts.push(section("Examples", command.examples.map((example) => `  # ${example.does}\n  ${example.command}`).join("\n")));
  }
  parts.push(section("Exit codes", rows(exitsOf(command).map((code) => [String(code), exitMeaning(code)]))));
  return `${parts.join("\n\n")}\n`;
}

/** The exit codes that a command can end with, ascending. */
export function exitsOf(command: Command): readonly number[] {
  return [...new Set([0, 1, 2, ...command.exits, 130, 143])].sort((a, b) => a - b);
}

/** Flags of a command by where they come from; hidden ones left out. */
export function flagGroups(
  command: Command,
): readonly { readonly title: string; readonly flags: readonly (readonly [string, Flag<unknown>])[] }[] {
  const shared = new Map<string, string>([
    ...Object.keys(contentFlags).map((name) => [name, "Content flags"] as const),
    ...Object.keys(registryFlags).map((name) => [name, "Registry flags"] as const),
    ...Object.keys(everyFlags).map((name) => [name, "Flags of every command"] as const),
  ]);
  const every = (Object.entries(everyFlags) as [string, Flag<unknown>][]).filter(([name]) => !command.flags.has(name));
  const all = [...command.flags, ...every].filter(([, flag]) => flag.hidden !== true);
  return ["Flags", "Content flags", "Registry flags", "Flags of every command"]
    .map((title) => ({ title, flags: all.filter(([name, flag]) => groupOf(name, flag, shared) === title) }))
    .filter((group) => group.flags.length > 0);
}

/** `-o, --output text|json`. */
export function flagTitle(name: string, flag: Flag<unknown>): string {
  const short = flag.short === undefined ? "" : `-${flag.short}, `;
  const aliases = (flag.aliases ?? []).map((alias) => `, --${alias}`).join("");
  return `${short}--${name}${aliases}${flag.placeholder === "" ? "" : ` ${flag.placeholder}`}`;
}

/** The brief with its default, and whether it may be repeated. */
export function flagBrief(flag: Flag<unknown>): string {
  const notes = [flag.kind === "list" ? "may be repeated" : "", flag.defaultText === undefined ? "" : `default ${flag.defaultText}`].filter(
    (note) => note !== "",
  );
  return notes.length === 0 ? flag.brief : `${flag.brief} (${notes.join("; ")})`;
}

/** Rows of two columns; a long first cell puts the second one below. */
export function rows(cells: readonly (readonly [string, string])[]): string {
  const width = Math.min(
    34,
    cells.reduce((widest, [left]) => Math.max(widest, left.length), 0),
  );
  return cells
    .map(([left, right]) => (left.length > width ? `  ${left}\n  ${" ".repeat(width)}  ${right}` : `  ${left.padEnd(width)}  ${right}`))
    .join("\n");
}

function groupOf(name: string, flag: Flag<unknown>, shared: ReadonlyMap<string, string>): string {
  const known: Readonly<Record<string, Flag<unknown>>> = { ...contentFlags, ...registryFlags, ...everyFlags } as unknown as Record<
    string,
    Flag<unknown>
  >;
  // A command's own flag of a shared name (another list of formats) counts as the shared one.
  return known[name] === flag || name === "output" ? (shared.get(name) ?? "Flags") : "Flags";
}

function section(title: string, body: string): string {
  return `${title}:\n${body}`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
