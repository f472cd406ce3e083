import { describe, expect, test } from "vitest";
import { isClusterError } from "./errors.ts";
import { memoryTarget } from "./memory-target.ts";
import { decideServing, type ServingQuestion } from "./serving.ts";

function decide(version: string, more: Partial<ServingQuestion> = {}): string {
  try {
    const decision = decideServing({ profile: { flavour: "openshift", version }, wanted: "auto", hasServer: true, ...more });
    return decision.warning === undefined ? decision.serving : `${decision.serving} with a warning`;
  } catch (error) {
    if (isClusterError(error)) return error.code;
    throw error;
  }
}

describe("how a catalog is served", () => {
  test.each([
    ["4.10", {}, "SERVING_UNSUPPORTED"],
    ["4.10", { format: "sqlite" }, "image"],
    ["4.11", {}, "image"],
    ["4.14", {}, "image"],
    ["4.14", { wanted: "extract" }, "SERVING_UNSUPPORTED"],
    ["4.14", { hasServer: false }, "SERVING_UNSUPPORTED"],
    ["4.15", {}, "image"],
    ["4.15", { wanted: "extract" }, "extract with a warning"],
    ["4.19", { hasServer: false }, "extract with a warning"],
    ["4.20", {}, "extract"],
    ["4.20", { wanted: "image" }, "image"],
    ["4.20", { wanted: "image", hasServer: false }, "SERVING_UNSUPPORTED"],
    ["4.20", { wanted: "extract", format: "sqlite" }, "SERVING_UNSUPPORTED"],
  ] as const)("%s %j: %s", (version, more, expected) => {
    expect(decide(version, more)).toBe(expected);
  });
});

test.each([
  [0, "50Mi"],
  [1_000_000, "50Mi"],
  [14_000_000, "120Mi"],
  [78_000_000, "480Mi"],
  [4_000_000_000, "2048Mi"],
])("%i bytes of documents need %s", (bytes, expected) => {
  expect(memoryTarget(bytes)).toBe(expected);
});
