import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatDuration, parseDuration } from "./duration.ts";
import { didYouMean, nearest } from "./nearest.ts";
import { formatSize, parseSize } from "./size.ts";

describe("sizes", () => {
  test.each([
    ["0", 0],
    ["4095MiB", 4095 * 1024 ** 2],
    ["20MB", 20_000_000],
    ["1.5GiB", 1.5 * 1024 ** 3],
    ["500gib", 500 * 1024 ** 3],
    ["12 KB", 12_000],
  ])("%s", (text, bytes) => expect(parseSize(text)).toBe(bytes));

  test.each(["", "MiB", "-1", "1XB", "1e3", "99999999999TiB", "0x10"])("refuses %j", (text) =>
    expect(() => parseSize(text)).toThrow(/size/),
  );

  test.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1024 ** 2 - 1, "1.0 MiB"],
    [2_040_109_466, "1.9 GiB"],
  ])("%d is shown as %s", (bytes, text) => expect(formatSize(bytes)).toBe(text));

  test("what is shown is within five percent of what was meant", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 50 }), (bytes) => Math.abs(parseSize(formatSize(bytes)) - bytes) <= bytes * 0.05 + 1),
    );
  });
});

describe("durations", () => {
  test.each([
    ["90s", 90_000],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["1h30m", 5_400_000],
    ["250ms", 250],
    ["0s", 0],
  ])("%s", (text, milliseconds) => expect(parseDuration(text)).toBe(milliseconds));

  test.each(["", "5", "m", "5 m", "-5m", "5y"])("refuses %j", (text) => expect(() => parseDuration(text)).toThrow(/duration/));

  test("whole seconds below an hour read back the same", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3599 }), (seconds) => parseDuration(formatDuration(seconds * 1000)) === seconds * 1000),
    );
  });
});

describe("nearest words", () => {
  test("transposed, missing and added letters are near", () => {
    expect(nearest("inpsect", ["inspect", "tags", "repos"])).toEqual(["inspect"]);
    expect(nearest("tag", ["inspect", "tags", "repos"])).toEqual(["tags"]);
    expect(nearest("pla", ["plan", "platform"])[0]).toBe("plan");
  });

  test("what is far is not offered", () => {
    expect(nearest("xyzzy", ["inspect", "tags"])).toEqual([]);
    expect(didYouMean("xyzzy", ["inspect"])).toBeUndefined();
  });
});
