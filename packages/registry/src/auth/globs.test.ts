import fc from "fast-check";
import { expect, test } from "vitest";
import { globMatcher } from "./globs.ts";

test.each([
  ["**", "a/b/c", true],
  ["team/**", "team/a/b", true],
  ["team/**", "team", false],
  ["team/**", "teams/a", false],
  ["team/", "team/a", true],
  ["team/*", "team/a/b", false],
  ["*/app", "team/app", true],
  ["a/**/z", "a/z", true],
  ["a/**/z", "a/b/c/z", true],
  ["img-*-x*", "img-1-2-x", true],
  ["a*a", "a", false],
])("%s and %s: %s", (pattern, repository, expected) => {
  expect(globMatcher([pattern])(repository)).toBe(expected);
});

test("a name fits itself, its prefix with **, and no pattern takes long", () => {
  const part = fc.stringMatching(/^[a-z0-9]{1,6}$/);
  fc.assert(
    fc.property(fc.array(part, { minLength: 2, maxLength: 6 }), (parts) => {
      const name = parts.join("/");
      expect([globMatcher([name])(name), globMatcher([`${parts[0]}/**`])(name), globMatcher([`x-${name}`])(name)]).toEqual([
        true,
        true,
        false,
      ]);
    }),
  );
  expect(globMatcher(["*a".repeat(40)])(`${"a".repeat(200)}b`)).toBe(false);
});
