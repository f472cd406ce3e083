import { expect, test } from "vitest";
import { statusFailure } from "./failure.ts";
import { isTransient } from "./retry.ts";

const doing = { action: "start an upload", host: "mirror.example.com" };

function failureOf(status: number, body: string): ReturnType<typeof statusFailure> {
  return statusFailure({ status, body: new TextEncoder().encode(body), url: "https://mirror.example.com/v2/" }, doing);
}

test.each([
  ["507", 507, '{"errors":[{"code":"INSUFFICIENT_STORAGE","message":"no room"}]}'],
  [
    "distribution, while it writes",
    500,
    '{"errors":[{"code":"UNKNOWN","message":"unknown error","detail":"write /x/data: no space left on device"}]}',
  ],
  [
    "distribution, when it begins",
    500,
    '{"errors":[{"code":"UNKNOWN","message":"unknown error","detail":{"DriverName":"filesystem","Enclosed":{"Op":"mkdir","Path":"/x","Err":28}}}]}',
  ],
])("a registry's full disk is told as that, and not asked again: %s", (_, status, body) => {
  const error = failureOf(status, body);
  expect(error).toMatchObject({ code: "NO_SPACE", status, host: "mirror.example.com" });
  expect(error.message).toContain("its disk is full");
  expect(error.message).not.toContain("/x");
  expect(isTransient(error)).toBe(false);
});

test.each([
  [500, '{"errors":[{"code":"UNKNOWN","detail":{"Enclosed":{"Op":"mkdir","Err":5}}}]}'],
  [503, "no space left on device"],
])("other trouble of a registry may pass: %d %s", (status, body) => {
  const error = failureOf(status, body);
  expect(error.code).toBe("SERVER_ERROR");
  expect(isTransient(error)).toBe(true);
});
