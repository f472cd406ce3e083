import { expect, test } from "vitest";
import { nearestWord } from "./nearest.ts";

const KNOWN = ["operators", "additionalImages", "blockedImages", "full"];

test.each([
  ["operatos", "operators"],
  ["oeprators", "operators"],
  ["Operators", "operators"],
  ["additionalimage", "additionalImages"],
  ["ful", "full"],
  ["fulll", "full"],
  ["colour", undefined],
  ["", undefined],
  ["x".repeat(100_000), undefined],
])("%s", (written, expected) => {
  expect(nearestWord(written, KNOWN)).toBe(expected);
});
