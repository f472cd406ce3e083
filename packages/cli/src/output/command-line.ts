import { everyFlags } from "../command/every-flags.ts";
import type { Job } from "../command/job.ts";
import { type Command, type Group, isGroup } from "../command/types.ts";
import { escapeLine } from "./escape.ts";

/** A word as a POSIX shell reads it back: quoted where it holds more than letters, digits and `._:/@%+=,~-`. */
export function shellWord(word: string): string {
  return /^[A-Za-z0-9._:/@%+=,-][A-Za-z0-9._:/@%+=,~-]*$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** What a command to paste has besides the flags of the call that tells it. */
export interface FollowUp {
  /** Flags that it adds, as they are written. */
  readonly flags?: readonly string[];
  /** Long names of flags of this call that it leaves out. */
  readonly without?: readonly string[];
  readonly args: readonly string[];
}

/**
 * The next command of a job, to paste into a shell: `words`, each flag that was given to this call and that the command knows,
 * then what it adds. Flags of every command (how to tell the result) and flags that only this call can have (secrets) are left out.
 */
export function followUp(job: Pick<Job<unknown>, "tree" | "given">, words: readonly string[], what: FollowUp): string {
  const { flags } = commandOf(job.tree, words);
  const given: string[] = [];
  for (const [name, texts] of job.given) {
    const flag = flags.get(name);
    if (flag === undefined || name in everyFlags || flag.callOnly === true || what.without?.includes(name) === true) continue;
    const written = flag.short === undefined ? `--${name}` : `-${flag.short}`;
    if (flag.kind === "switch") given.push(texts.at(-1) === "true" ? written : `--${name}=${texts.at(-1) ?? ""}`);
    else for (const text of flag.kind === "list" ? texts : texts.slice(-1)) given.push(written, text);
  }
  return escapeLine(["skerry", ...words, ...given, ...(what.flags ?? []), ...what.args].map(shellWord).join(" "));
}

function commandOf(tree: Group, words: readonly string[]): Command {
  let node: Command | Group | undefined = tree;
  for (const word of words) node = node !== undefined && isGroup(node) ? node.words.get(word) : undefined;
  if (node === undefined || isGroup(node)) throw new TypeError(`no command has the words ${words.join(" ")}`);
  return node;
}
