import fc from "fast-check";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { GO_YAML_SCHEMA } from "./go-schema.ts";
import { parsePlainYaml } from "./plain-yaml.ts";
import { goYaml } from "./write-go-yaml.ts";
import { YamlSyntaxError } from "./yaml-syntax-error.ts";

function whole(text: string): unknown {
  return load(text, { schema: GO_YAML_SCHEMA, json: true, maxDepth: 100 });
}

/** Undefined also for what only the plain reader refuses, as Go does. */
function plainOf(text: string, slowly: (scalar: string) => unknown = whole): { readonly value: unknown } | undefined {
  try {
    return parsePlainYaml(text, slowly);
  } catch (error) {
    if (error instanceof YamlSyntaxError) return undefined;
    throw error;
  }
}

/** What decides the shape of a document, to be put anywhere. */
const MARKS = [
  ..."|->\"':#\\\t~?@`,%&*!",
  "\n",
  "\n  ",
  "\n    ",
  "\n\n",
  "\n \n",
  "\n- ",
  "- ",
  ": ",
  " #",
  "|-",
  "|+",
  ">-",
  "''",
  "{}",
  "[]",
  "---",
  "...",
  "<<: ",
  "1",
  "true",
  "\\n",
  "\\u00e9",
  "é",
  "😀",
  "key:",
];
const TEXTS = [
  "a:\n  b: c\n  d:\n  - e\n  - f: g\n    h: |\n      text\n      more\n    i: 'it''s'\nj: \"x\\ny\"\nk: plain text\n  that goes on\n",
  "x: |-\n\n  a\n    b\n\n  c\ny: []\nz:\n- - a\n  - b\n- {}\n-\n  q: 0644\n",
  "q: \"multi\n  line\\\n  more\"\nr: 'a\n\n  b'\ns: >-\n  folded\n  text\n\n  more\nt: |+\n  kept\n\n",
];
const edit = fc.record({ at: fc.nat(), mark: fc.constantFrom(...MARKS), cut: fc.nat(3), insert: fc.boolean() });
const damaged = fc.tuple(fc.constantFrom(...TEXTS), fc.array(edit, { maxLength: 4 })).map(([text, edits]) =>
  edits.reduce((now, { at, mark, cut, insert }) => {
    const from = at % (now.length + 1);
    return insert ? `${now.slice(0, from)}${mark}${now.slice(from)}` : now.slice(0, from) + now.slice(from + cut);
  }, text),
);
const made = fc.array(fc.constantFrom(...MARKS, "a", "b: c"), { maxLength: 12 }).map((marks) => marks.join(""));

describe("parsePlainYaml", () => {
  it("gives what the whole parser gives, or nothing", () => {
    let known = 0;
    fc.assert(
      fc.property(fc.oneof({ weight: 3, arbitrary: damaged }, made), (text) => {
        const plain = plainOf(text);
        if (plain === undefined) return;
        known += 1;
        expect(plain.value).toEqual(whole(text));
      }),
      { numRuns: 6000 },
    );
    expect(known).toBeGreaterThan(1000);
  });

  it("reads quoted text over lines as the whole parser does", () => {
    const piece = fc.constantFrom(
      ...["a", "bc", " ", "  ", "\n  ", "\n    ", "\n\n  ", "\n \n   ", "\n", "\\", "\\\\", "\\\n  ", "\\ ", "\\n"],
      ...['\\"', "''", "\\/", "\\x41", "é", "\t", ":", " #", "\\N"],
    );
    let fast = 0;
    fc.assert(
      fc.property(fc.constantFrom('"', "'"), fc.array(piece, { maxLength: 14 }), (quote, pieces) => {
        const text = `k: ${quote}${pieces.join("")}${quote}\nl: m\n`;
        let slow = false;
        const plain = plainOf(text, (scalar) => {
          slow = true;
          return whole(scalar);
        });
        if (plain === undefined) return;
        if (!slow && text.split("\n").length > 3) fast += 1;
        expect(plain.value).toEqual(whole(text));
      }),
      { numRuns: 4000 },
    );
    expect(fast).toBeGreaterThan(200);
  });

  it("knows what goYaml writes, and keeps the order of keys", () => {
    const text = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("yes", "1.2.3", "a: b", "- x", " lead", "trail ", "two\nlines\n", "# no"),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 4 }, text, fc.integer(), fc.boolean(), fc.constant(null), tie("list"), tie("map")),
      list: fc.array(tie("tree"), { maxLength: 4 }),
      map: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), tie("tree"), { maxKeys: 4 }),
    }));
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{6,9}$/), tree, { minKeys: 1, maxKeys: 5 }), (value) => {
        const written = goYaml(value);
        const plain = parsePlainYaml(written, whole);
        if (plain === undefined) return;
        expect(JSON.stringify(plain.value)).toBe(JSON.stringify(whole(written)));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["an anchor", "a: &x 1\nb: *x\n"],
    ["a flow list", "a: [1, 2]\n"],
    ["a key that is no text", "1: a\n"],
    ["a merge", "<<: {a: 1}\n"],
    ["__proto__", "__proto__: a\n"],
    ["a comment behind a value", "a: b # c\n"],
    ["several documents", "a: b\n...\nc: d\n"],
    ["a tab", "a:\tb\n"],
    ["nothing", "\n"],
    ["blanks at the end of a block without a line feed", "a: |+\n  b\n\n  "],
    ["an indentation that is not as deep as its line", "a:\n    b: c\n  d: e\n"],
  ])("leaves %s to the whole parser", (_, text) => {
    expect(parsePlainYaml(text, whole)).toBeUndefined();
  });
});
