import type { Group } from "../command/types.ts";
import { rows } from "./command.ts";

/** Help of a word that holds words: the words with their briefs. */
export function groupHelp(words: readonly string[], group: Group): string {
  const path = ["skerry", ...words].join(" ");
  return [
    `${group.brief}.`,
    `Usage:\n  ${path} COMMAND [flags] [arguments]`,
    `Commands:\n${rows([...group.words].map(([word, child]) => [word, child.brief]))}`,
    `"${path} COMMAND --help" shows flags, examples and exit codes.\n`,
  ].join("\n\n");
}
