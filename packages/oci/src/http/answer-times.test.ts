import { expect, test } from "vitest";
import { answerKind } from "./answer-times.ts";
import type { HttpMethod } from "./types.ts";

test("kinds of answers are told apart, and those whose time says nothing have none", () => {
  const kind = (method: HttpMethod, target: string, isStream = false): string | undefined =>
    answerKind({ method, target, body: isStream ? { kind: "stream", size: 1, chunks: (async function* () {})() } : undefined });
  expect(kind("HEAD", "/v2/a/b/manifests/v1")).toBe("HEAD manifests");
  expect(kind("PUT", "/v2/a/b/manifests/sha256:00?tag=x")).toBe("PUT manifests");
  expect(kind("GET", "/v2/a/b/blobs/sha256:00")).toBe("GET blobs");
  expect(kind("POST", "/v2/a/b/blobs/uploads/?mount=sha256:00&from=c/d")).toBe("POST blobs/uploads");
  expect(kind("PUT", "https://h/v2/a/b/blobs/uploads/1?digest=sha256:00", true)).toBeUndefined();
  expect(kind("PATCH", "/v2/a/b/blobs/uploads/1")).toBeUndefined();
  expect(kind("GET", "/v2/a/b/tags/list?n=1000")).toBeUndefined();
  expect(kind("GET", "/v2/_catalog")).toBeUndefined();
});
