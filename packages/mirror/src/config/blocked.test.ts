import { describe, expect, test } from "vitest";
import { blockedBy } from "./blocked.ts";
import { parseImageSetConfig } from "./parse.ts";
import type { ImageSetConfig } from "./types.ts";

function config(...names: string[]): ImageSetConfig {
  const blocked = names.map((name) => `  - name: ${JSON.stringify(name)}\n`).join("");
  const text = `kind: ImageSetConfiguration\napiVersion: mirror.openshift.io/v2alpha1\nmirror:\n  additionalImages: [{name: "a.b/c:d"}]\n  blockedImages:\n${blocked}`;
  return parseImageSetConfig(text, { path: "x" });
}

describe("a blocked image", () => {
  const rules = config("grafana", "^quay\\.io/org/[a-z]+:v1$", "mirror.test/m/x", "^docker");

  test.each([
    ["docker.io/grafana/grafana@sha256:abc", undefined, "grafana"],
    ["quay.io/org/app:v1", undefined, "^quay\\.io/org/[a-z]+:v1$"],
    ["quay.io/org/app:v12", undefined, undefined],
    ["quay.io/x/y:v1", "mirror.test/m/x/y:v1", "mirror.test/m/x"],
    ["docker://quay.io/z:v1", "docker://mirror.test/z:v1", undefined],
    ["docker.io/z:v1", undefined, "^docker"],
  ])("%s → %s: %s", (origin, destination, rule) => {
    expect(blockedBy(rules, origin, destination)?.name).toBe(rule);
  });

  test("an expression that would hang a backtracking engine does not", () => {
    expect(blockedBy(config("(a+)+$"), `${"a".repeat(5000)}!`)).toBeUndefined();
  });

  test("Go's syntax, not JavaScript's", () => {
    expect(blockedBy(config("(?i)QUAY"), "quay.io/a:b")?.name).toBe("(?i)QUAY");
    expect(blockedBy(config("\\Aquay"), "quay.io/a:b")).toBeDefined();
    expect(() => config("(?=quay)")).toThrow();
    expect(() => config("(a)\\1")).toThrow();
  });
});
