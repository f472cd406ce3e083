import { expect, test } from "vitest";
import { OciError } from "../errors.ts";
import { isWorthAnotherRound } from "./retry.ts";

test("a request that was repeated in vain gets one more round, a stall none, damage and lost sessions as many as there are", () => {
  const rounds = (fields: ConstructorParameters<typeof OciError>[0]): readonly number[] =>
    [1, 2, 3].filter((attempt) => isWorthAnotherRound(new OciError(fields), attempt));
  const message = "it failed";
  expect(rounds({ code: "SERVER_ERROR", status: 503, message })).toEqual([1, 2, 3]);
  expect(rounds({ code: "SERVER_ERROR", status: 503, message, tries: 1 })).toEqual([1, 2, 3]);
  expect(rounds({ code: "SERVER_ERROR", status: 503, message, tries: 6 })).toEqual([1]);
  expect(rounds({ code: "STALLED", message })).toEqual([1, 2, 3]);
  expect(rounds({ code: "STALLED", message, tries: 6 })).toEqual([]);
  expect(rounds({ code: "DIGEST_MISMATCH", message, tries: 2 })).toEqual([1, 2, 3]);
  expect(rounds({ code: "NOT_FOUND", status: 404, registryCode: "BLOB_UPLOAD_UNKNOWN", message, tries: 2 })).toEqual([1, 2, 3]);
  expect(rounds({ code: "DENIED", status: 403, message })).toEqual([]);
});
