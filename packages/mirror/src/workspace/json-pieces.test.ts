import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonPieces } from "./json-pieces.ts";

test("pieces of a document are the text that JSON.stringify makes of it", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.oneof(fc.jsonValue(), fc.constant(undefined))), (document) => {
      expect([...jsonPieces(document)].join("")).toBe(`${JSON.stringify(document, undefined, 1)}\n`);
    }),
  );
});

test("each item of a list is a piece of its own", () => {
  const pieces = [...jsonPieces({ images: Array.from({ length: 100 }, (_, index) => ({ index })) })];
  expect(pieces.length).toBeGreaterThan(100);
});
