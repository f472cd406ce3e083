import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseChallenge, parseChallenges } from "./challenge.ts";
import { covers } from "./scope.ts";

describe("challenges", () => {
  const token = fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/);
  const value = fc.string({ maxLength: 20 }).filter((text) => !/[\u0000-\u001f]/.test(text));
  const challenge = fc.record({
    scheme: token,
    params: fc.uniqueArray(fc.tuple(token, value), { selector: ([key]) => key, minLength: 1, maxLength: 4 }),
  });

  test("what is written in quotes is read back, however many stand in one header", () => {
    fc.assert(
      fc.property(fc.array(challenge, { minLength: 1, maxLength: 4 }), (challenges) => {
        const quote = (text: string): string => `"${text.replace(/[\\"]/g, "\\$&")}"`;
        const header = challenges
          .map((one) => `${one.scheme} ${one.params.map(([key, text]) => `${key}=${quote(text)}`).join(", ")}`)
          .join(", ");
        expect(parseChallenges([header]).map((one) => ({ scheme: one.scheme, params: [...one.params] }))).toEqual(challenges);
      }),
      { numRuns: 300 },
    );
  });

  test("no text makes the parser throw or hang", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200, unit: "binary" }), (text) => {
        parseChallenges([text]);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    [['Basic realm="a"', 'Bearer realm="b"'], "bearer"],
    [['Bearer service="no realm"', 'Basic realm="a"'], "basic"],
    [["Negotiate", "NTLM"], undefined],
    [[""], undefined],
  ])("of %j %s is chosen", (headers, scheme) => {
    expect(chooseChallenge(parseChallenges(headers))?.scheme).toBe(scheme);
  });
});

describe("scopes", () => {
  test.each([
    [["repository:a:pull,push"], ["repository:a:pull"], true],
    [["repository:a:pull"], ["repository:a:pull,push"], false],
    [["repository:a:pull"], ["repository:b:pull"], false],
    [["repository:a:pull,push", "repository:b:pull"], ["repository:b:pull"], true],
    [["registry:catalog:*"], ["registry:catalog:*"], true],
    [[], [], true],
  ])("%j serves %j: %s", (held, wanted, expected) => expect(covers(held, wanted)).toBe(expected));
});
