import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { allCommands } from "./command/find.ts";
import { tree } from "./commands/tree.ts";

const page = await readFile(join(import.meta.dirname, "..", "..", "..", "docs", "cli.md"), "utf8");
const OWN = /^(?:copy|sync|inspect|digest|tags|repos|du|delete|login|logout|auth|catalog|completion|version|man)\b/;

test.each([...allCommands(tree)].map(([words, command]) => [words.join(" "), command] as const))(
  "docs/cli.md knows %s",
  (words, command) => {
    for (const word of words.split(" ")) expect(page).toMatch(new RegExp(`[\\s|\x60]${word}[\\s|\x60]`));
    if (!OWN.test(words)) return;
    const flags = [...command.flags].filter(([, flag]) => flag.hidden !== true).map(([name]) => `--${name}`);
    expect(flags.filter((flag) => !page.includes(flag))).toEqual([]);
  },
);
