import { describe, expect, test } from "vitest";
import { ConfigError, type ConfigFault } from "./config-error.ts";
import { parseImageSetConfig } from "./parse.ts";

const HEAD = "kind: ImageSetConfiguration\napiVersion: mirror.openshift.io/v2alpha1\n";

function faultsOf(text: string): readonly ConfigFault[] {
  try {
    parseImageSetConfig(text, { path: "imageset.yaml" });
  } catch (error) {
    if (error instanceof ConfigError) return error.errors;
    throw error;
  }
  return [];
}

function paths(body: string): string[] {
  return faultsOf(HEAD + body).map((fault) => fault.path);
}

/** One operators entry with a further line below it. */
function entry(line: string): string {
  return `mirror:\n  operators:\n  - catalog: registry.redhat.io/redhat/redhat-operator-index:v4.20\n    ${line}\n`;
}

describe("other documents", () => {
  test.each([
    ["platform", "release payloads"],
    ["helm", "Helm charts"],
    ["samples", "sample image streams"],
  ])("mirror.%s is refused by name", (key, words) => {
    const [fault, ...rest] = faultsOf(`${HEAD}${entry("full: true")}  ${key}: {x: 1}\n`);
    expect(rest).toEqual([]);
    expect(fault).toMatchObject({ path: `mirror.${key}`, line: 7, column: 3 });
    expect(fault?.message).toContain(words);
    expect(fault?.suggestion).toContain(`Remove mirror.${key}`);
  });

  test("v1alpha2 is refused by name, and so are its keys", () => {
    const found = faultsOf(
      `kind: ImageSetConfiguration\napiVersion: mirror.openshift.io/v1alpha2\nstorageConfig: {local: {path: x}}\n${entry("targetName: x")}`,
    );
    expect(found.map((fault) => fault.path)).toEqual(["apiVersion", "storageConfig", "mirror.operators[0].targetName"]);
    expect(found[0]?.message).toContain("oc-mirror v1");
  });

  test.each([
    ["kind: DeleteImageSetConfiguration\napiVersion: mirror.openshift.io/v2alpha1\ndelete: {}\n", "kind"],
    ["kind: Something\napiVersion: mirror.openshift.io/v2alpha1\nspec: {}\n", "kind"],
    ["apiVersion: mirror.openshift.io/v2alpha1\nmirror: {}\n", "kind"],
    ["", ""],
    ["- a\n", ""],
    ["kind: [", ""],
  ])("%j", (text, path) => {
    const found = faultsOf(text);
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]?.path).toBe(path);
  });
});

describe("hostile text", () => {
  test("duplicate keys, a second document, __proto__", () => {
    expect(paths(`archiveSize: 1\n${entry("full: true")}archiveSize: 2\n`)).toEqual(["archiveSize"]);
    expect(paths(`${entry("full: true")}---\nkind: x\n`)).toEqual([""]);
    expect(faultsOf(`${HEAD}${entry("__proto__: {full: true}")}`)[0]?.message).toBe("this cannot be a key");
  });

  test("depth, aliases and size are bounded", () => {
    expect(faultsOf("[".repeat(200_000)).length).toBeGreaterThan(0);
    const bomb = Array.from(
      { length: 12 },
      (_, i) =>
        `a${i}: &a${i} [${
          i === 0
            ? "x"
            : Array(12)
                .fill(`*a${i - 1}`)
                .join(",")
        }]`,
    ).join("\n");
    expect(faultsOf(bomb).some((fault) => fault.message.includes("aliases"))).toBe(true);
    expect(faultsOf("a: &a [*a]\n").length).toBeGreaterThan(0);
    expect(faultsOf(" ".repeat(5 * 1024 * 1024))[0]?.message).toContain("characters");
  });
});
