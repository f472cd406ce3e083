import { describe, expect, it } from "vitest";
import { goYaml } from "./write-go-yaml.ts";

describe("goYaml", () => {
  it.each([
    ["characters beyond 16 bits escaped", "😀 a", '"\\U0001F600 a"'],
    ["accents and ideographs as they are", "é 漢", "é 漢"],
    ["tabs escaped", "a\tb", '"a\\tb"'],
    ["tabs in lines escaped", "a\n\tb", '"a\\n\\tb"'],
    ["a byte order mark, and all behind it, escaped", "\ufeffa b\u00a0", '"\\uFEFF\\x61\\x20\\x62\\_"'],
    ["= and << plain", ["=", "<<"], "\n- =\n- <<"],
    ["a colon before a blank that does not break plain", "a:\u00a0b", "a:\u00a0b"],
    ["another end of a line indented", "a\u2028b", "'a\u2028  b'"],
    ["words quoted", ["yes", "~", "0x1F", "1:30", "2024-01-01", "1e3"], '\n- "yes"\n- "~"\n- "0x1F"\n- "1:30"\n- "2024-01-01"\n- "1e3"'],
    [
      "numbers as %g",
      [1e-6, 1234567.5, 1e21, 12345678901234567000, 1e20, -0],
      "\n- 1e-06\n- 1.2345675e+06\n- 1e+21\n- 12345678901234567000\n- 1e+20\n- 0",
    ],
  ])("writes %s", (_, value, text) => {
    expect(goYaml({ k: value })).toBe(`k:${text.startsWith("\n") ? "" : " "}${text}\n`);
  });

  it("sorts keys by the numbers in them, other signs before digits and digits before letters", () => {
    const keys = ["b10", "b2", "b02", "a_1", "a1", "a-1", "1", "10", "2", "B", "x20", "x100", "x30"];
    expect(goYaml(Object.fromEntries(keys.map((key) => [key, null])))).toBe(
      `${['"1"', '"2"', '"10"', "B", "a-1", "a_1", "a1", "b2", "b02", "b10", "x20", "x30", "x100"].map((key) => `${key}: null`).join("\n")}\n`,
    );
  });

  it("puts a question mark before keys with lines and before long ones", () => {
    const long = "k".repeat(129);
    expect(goYaml({ a: { "x\n": { b: 1, c: 2 }, [long]: [1] } })).toBe(`a:\n  ? ${long}\n  : - 1\n  ? |\n    x\n  : b: 1\n    c: 2\n`);
  });

  it("breaks quoted text at single blanks only", () => {
    const words = `${"word ".repeat(15)} two  blanks "and" more`;
    expect(goYaml({ k: `${words}\t` })).toBe(
      'k: "word word word word word word word word word word word word word word word  two\n  \\ blanks \\"and\\" more\\t"\n',
    );
  });
});
