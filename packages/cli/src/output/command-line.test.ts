import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { tree } from "../commands/tree.ts";
import { followUp, shellWord } from "./command-line.ts";

function told(given: Readonly<Record<string, readonly string[]>>, without: readonly string[] = []): string {
  const job = { tree, given: new Map(Object.entries(given)) };
  return followUp(job, ["verify"], { without, flags: ["--deep"], args: ["docker://m.io/a b"] });
}

test("the next command has the flags of this call that it knows", () => {
  const given = {
    config: ["imageset.yaml"],
    name: ["old", "job"],
    insecure: ["true"],
    "tls-verify": ["false"],
    ca: ["a.pem", "b.pem"],
    output: ["json"],
    quiet: ["true"],
    retries: ["2"],
  };
  expect(told(given, ["retries"])).toBe(
    "skerry verify --name job --insecure --tls-verify=false --ca a.pem --ca b.pem --deep 'docker://m.io/a b'",
  );
});

test.each(["plain", "", "two words", "it's", '$HOME `id` "x" \\', "~/x", "*", "ümlaut", "a\nb"])("a shell reads back %j", (word) => {
  expect(execFileSync("sh", ["-c", `printf %s ${shellWord(word)}`], { encoding: "utf8" })).toBe(word);
});
