import fc from "fast-check";
import { expect, test } from "vitest";
import { chunkRange, requestedRange } from "./ranges.ts";

test.each([
  [undefined, undefined],
  ["bytes=0-0", { start: 0, end: 0 }],
  ["bytes=5-", { start: 5, end: 9 }],
  ["bytes=-3", { start: 7, end: 9 }],
  ["bytes=-30", { start: 0, end: 9 }],
  ["bytes=8-99", { start: 8, end: 9 }],
  ["bytes=10-", "unsatisfiable"],
  ["bytes=5-2", "unsatisfiable"],
  ["bytes=-0", "unsatisfiable"],
  ["bytes=-", "unsatisfiable"],
  ["bytes=0-1,4-5", undefined],
  ["lines=1-2", undefined],
])("%s of ten bytes", (header, expected) => {
  expect(requestedRange(header, 10)).toEqual(expected);
});

test("a range is never outside", () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(1000), fc.nat(500), (first, last, size) => {
      const range = requestedRange(`bytes=${first}-${last}`, size);
      if (typeof range === "object") expect(range.start <= range.end && range.end < size).toBe(true);
      else expect(first >= size || last < first).toBe(true);
    }),
  );
});

test.each([
  ["0-9", { start: 0, end: 9 }],
  ["bytes 5-9/10", { start: 5, end: 9 }],
  ["9-5", undefined],
  ["a-b", undefined],
])("chunk %s", (header, expected) => {
  expect(chunkRange(header)).toEqual(expected);
});
