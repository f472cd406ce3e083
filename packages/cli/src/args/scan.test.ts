import { describe, expect, test } from "vitest";
import { flagList, flagSwitch, flagText } from "../command/flag.ts";
import type { Flag } from "../command/types.ts";
import { UsageError } from "./errors.ts";
import { scanArguments } from "./scan.ts";

const known = new Map<string, Flag<unknown>>([
  ["output", flagText("", { short: "o" })],
  ["quiet", flagSwitch("", { short: "q" })],
  ["verbose", flagSwitch("", { short: "v" })],
  ["authfile", flagText("", { short: "a", aliases: ["registry-config"] })],
  ["platform", flagList("", { placeholder: "P", comma: true })],
]);

function scan(...args: string[]) {
  const { flags, positionals } = scanArguments(args, known);
  return { flags: Object.fromEntries(flags), positionals };
}

describe("scanArguments", () => {
  test.each([
    [["--output", "json", "x"], { output: ["json"] }, ["x"]],
    [["--output=json"], { output: ["json"] }, []],
    [["--output="], { output: [""] }, []],
    [["-o", "json"], { output: ["json"] }, []],
    [["-ojson"], { output: ["json"] }, []],
    [["-o=json"], { output: ["json"] }, []],
    [["-qvo", "json"], { quiet: ["true"], verbose: ["true"], output: ["json"] }, []],
    [["--quiet=false"], { quiet: ["false"] }, []],
    [["-q=false"], { quiet: ["false"] }, []],
    [["--quiet", "false"], { quiet: ["true"] }, ["false"]],
    [["--registry-config", "f"], { authfile: ["f"] }, []],
    [["--platform", "a", "x", "--platform=b"], { platform: ["a", "b"] }, ["x"]],
    [["a", "--", "--output", "-q"], {}, ["a", "--output", "-q"]],
    [["-", "-a", "-"], { authfile: ["-"] }, ["-"]],
    [["--output", "-1"], { output: ["-1"] }, []],
    [["--output", "a\nb=c"], { output: ["a\nb=c"] }, []],
  ])("%j", (args, flags, positionals) => {
    expect(scan(...args)).toEqual({ flags, positionals });
  });

  test.each([
    [["--outptu", "x"], "unknown flag --outptu", 'Did you mean "--output"?'],
    [["-x"], "unknown flag -x", undefined],
    [["-output"], undefined, undefined],
    [["--output"], "flag --output needs a value: TEXT", undefined],
    [["--output", "--quiet"], "flag --output needs a value: TEXT", "If the value begins with dashes, write --output=VALUE."],
    [["--"], undefined, undefined],
  ])("refuses %j", (args, message, hint) => {
    if (message === undefined) {
      expect(() => scan(...args)).not.toThrow();
      return;
    }
    const error = thrown(() => scan(...args));
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ message, hint });
  });
});

function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
