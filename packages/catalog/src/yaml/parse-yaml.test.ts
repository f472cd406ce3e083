import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseGoYaml } from "./parse-yaml.ts";
import { goYaml } from "./write-go-yaml.ts";
import { YamlSyntaxError } from "./yaml-syntax-error.ts";

describe("parseGoYaml", () => {
  it.each([
    ["yes", true],
    ["n", false],
    ["Off", false],
    ["yES", "yES"],
    ["~", null],
    ["0644", 420],
    ["0o644", 420],
    ["0x1F", 31],
    ["-0b101", -5],
    ["1_000", 1000],
    ["08", 8],
    ["190:20:30", "190:20:30"],
    ["1e3", 1000],
    ["1e400", "1e400"],
    ["18446744073709551615", 18446744073709552000],
    ["2024-01-01", "2024-01-01"],
    ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"],
    ["1.2.3", "1.2.3"],
    ["4.20", 4.2],
    ['"4.20"', "4.20"],
    ["!!str 123", "123"],
    ["!!float 1", 1],
    ["!!timestamp 2024-01-01", "2024-01-01"],
    ["=", "="],
    ["!own yes", "yes"],
    ["!own {a: 1}", { a: 1 }],
    ["!!omap [a: 1]", [{ a: 1 }]],
    ["!!str {a: 1}", { a: 1 }],
    ["!!binary aGk=", "hi"],
    ["one\u0085  two", "one two"],
    ["[\n1,\n{b: 2,\nc: [\n]\n}\n]", [1, { b: 2, c: [] }]],
    ["[1\t,\t'\t2',\t\"\t3\"]", [1, "\t2", "\t3"]],
    ['"one\ntwo\n\nthree"', "one two\nthree"],
    ["'it''s\nfine'", "it's fine"],
  ])("reads %s as Go does", (text, value) => {
    expect(parseGoYaml(`a: ${text}\n`)).toEqual({ a: value });
  });

  it("turns keys into text, lets the last of two win, and merges", () => {
    expect(parseGoYaml("1: a\ntrue: b\n2024-01-01: c\n")).toEqual({ "1": "a", true: "b", "2024-01-01": "c" });
    expect(parseGoYaml("a: 1\na: 2\n")).toEqual({ a: 2 });
    expect(parseGoYaml("base: &b {x: 1, z: 2}\nown:\n  <<: *b\n  z: 3\n")).toEqual({ base: { x: 1, z: 2 }, own: { x: 1, z: 3 } });
    expect(() => parseGoYaml("~: a\n")).toThrow(YamlSyntaxError);
  });

  it.each([
    ".nan",
    "[-.inf]",
    "!!int 3.0",
    "!!binary a",
    "!!timestamp x",
    '"\\/"',
    '"\\ud83d\\ude00"',
    "|\n  \tx",
    "\n\t- b",
    "b\u2028c",
    "|\n  b\u2028c",
  ])("refuses %j as Go does", (text) => {
    expect(() => parseGoYaml(`a: ${text}\n`)).toThrow(YamlSyntaxError);
  });

  it("writes numbers with a fraction as Go does where they are keys", () => {
    const keys = ["685230.15", "123456789.5", "0.00001", "4.20", ".nan", "-.inf"];
    expect(Object.keys(parseGoYaml(keys.map((key) => `${key}: x\n`).join("")) as object)).toEqual([
      ...["685230.1", "1.2345679e+08", "1e-05", "4.2", ".nan", "-.inf"],
    ]);
  });

  it("takes an empty document for null", () => {
    for (const text of ["", "# only a comment\n", "---\n", "--- # note\n\n"]) expect(parseGoYaml(text)).toBeNull();
  });

  it("refuses aliases that grow, too many of them, depth, and names the line", () => {
    const bomb = Array.from(
      { length: 9 },
      (_, at) => `k${at}: &k${at} [${Array.from({ length: 9 }, () => (at === 0 ? "x" : `*k${at - 1}`)).join(",")}]`,
    ).join("\n");
    expect(() => parseGoYaml(bomb)).toThrow(/excessive aliasing/);
    expect(() => parseGoYaml(`a: &a 1\nb: [${"*a,".repeat(1001)}]\n`)).toThrow(YamlSyntaxError);
    expect(() => parseGoYaml(`a: ${"[".repeat(101)}${"]".repeat(101)}`)).toThrow(YamlSyntaxError);
    expect(() => parseGoYaml("a: 1\nb: c: d\n")).toThrow(expect.objectContaining({ line: 2 }));
  });

  it("reads back what goYaml writes", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.constantFrom(
        "",
        " ",
        "yes",
        "0644",
        "1e3",
        "~",
        "- a",
        "a: b",
        "a #b",
        "#",
        "x\ny\n",
        "\n",
        " lead\nx",
        "tail \nx",
        "a\n\n",
        "'",
        '"',
        "=",
        "<<",
        "2024-01-01",
        "1:30",
      ),
      fc.array(fc.constantFrom("word", "other:", "a", "  ", "(x)"), { maxLength: 40 }).map((words) => words.join(" ")),
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie("any"), { maxLength: 4 }),
        fc.dictionary(text, tie("any"), { maxKeys: 4, noNullPrototype: true }),
      ),
    })).any;
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), value, { noNullPrototype: true }), (document) => {
        expect(parseGoYaml(goYaml(document))).toEqual(JSON.parse(JSON.stringify(document)));
      }),
      { numRuns: 500 },
    );
  });
});
