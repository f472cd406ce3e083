import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { formatTreePath, readYamlTree } from "./yaml-tree.ts";

const key = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => text !== "__proto__");
const value = fc.letrec((tie) => ({
  leaf: fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
  node: fc.oneof(
    { maxDepth: 4 },
    tie("leaf"),
    fc.array(tie("node"), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie("node")), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
  ),
})).node;

test("what JSON or YAML wrote is read back", () => {
  fc.assert(
    fc.property(value, (tree) => {
      for (const text of [JSON.stringify(tree), stringify(tree)]) {
        const read = readYamlTree(text);
        expect(read.faults).toEqual([]);
        expect(JSON.parse(JSON.stringify(read.root))).toEqual(JSON.parse(JSON.stringify(tree)));
      }
    }),
    { numRuns: 200 },
  );
});

test("any text is read without an exception, and faults lie inside it", () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom("a", ":", " ", "\n", "-", "[", "]", "{", "}", "&", "*", "'", '"', "|", ">", "#", "!", "%", "?", ",", "\t"),
      }),
      (text) => {
        for (const fault of readYamlTree(text).faults) {
          expect(fault.line).toBeGreaterThan(0);
          expect(fault.line).toBeLessThanOrEqual(text.split("\n").length + 1);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("places of values and keys", () => {
  const tree = readYamlTree("a:\n  b c:\n  - 1\n  - x: 2\n");
  expect(tree.valueAt(["a", "b c", 1, "x"])).toEqual({ line: 4, column: 8 });
  expect(tree.keyAt(["a", "b c", 1, "x"])).toEqual({ line: 4, column: 5 });
  expect(tree.valueAt(["a", "b c", 7, "y"])).toEqual(tree.valueAt(["a", "b c"]));
  expect(formatTreePath(["a", "b c", 1, "x"])).toBe('a["b c"][1].x');
});
