import { describe, expect, test } from "vitest";
import { parseMappingArguments, parseMappingFile } from "./mapping.ts";

const HEX = "b".repeat(64);

function shown(text: string) {
  const { mappings, faults } = parseMappingFile(text);
  return {
    mappings: mappings.map(({ source, tags, destinations }) => [source.text, tags, ...destinations.map((destination) => destination.text)]),
    faults: faults.map((fault) => fault.line),
  };
}

describe("mapping files", () => {
  test("three dialects, comments, blank lines, CR, BOM, no line feed at the end", () => {
    const text = [
      "\uFEFF# a comment\r",
      "",
      `q.io/a/b@sha256:${HEX}=m.io/x/b:img\r`,
      "docker://q.io/a/b:v1=docker://m.io/x/b:v1  # as oc mirror writes it",
      "  q.io/a/c:v1 m.io/x/c:v1\tm.io/y/c:v1  ",
      "oci:folder:name docker://m.io/x/d",
      "docker://nginx=m.io/library/nginx:1",
    ].join("\n");
    expect(shown(text)).toEqual({
      mappings: [
        [`q.io/a/b@sha256:${HEX}`, undefined, "m.io/x/b:img"],
        ["docker://q.io/a/b:v1", undefined, "docker://m.io/x/b:v1"],
        ["q.io/a/c:v1", undefined, "m.io/x/c:v1", "m.io/y/c:v1"],
        ["oci:folder:name", undefined, "docker://m.io/x/d"],
        ["docker://nginx", undefined, "m.io/library/nginx:1"],
      ],
      faults: [],
    });
  });

  test("a source without tag means all tags in oc's dialect, and latest in oc mirror's", () => {
    expect(shown("q.io/a/b=m.io/x/b\ndocker://q.io/a/b=docker://m.io/y/b\nq.io/a/b:v*=m.io/z/b").mappings).toEqual([
      ["q.io/a/b", "*", "m.io/x/b"],
      ["docker://q.io/a/b", undefined, "docker://m.io/y/b"],
      ["q.io/a/b", "v*", "m.io/z/b"],
    ]);
  });

  test("every bad line is found", () => {
    const text = [
      "q.io/a/b:v1=m.io/x/b:v1",
      "nginx=m.io/x/nginx",
      "q.io/a/b:v1=",
      "=m.io/x/b",
      "q.io/only/source:v1",
      "q.io/a/b:v1=m.io/x/y:v1 m.io/x/z:v1",
      "q.io/a/b:v1=m.io/x/b:v1=m.io/x/c:v1",
      `q.io/a/b:v1=m.io/x/b@sha256:${HEX}`,
      "q.io/a/b:v*=m.io/x/b:v1",
      '""=m.io/x/b:v3',
      "oci://a/b:v1=m.io/x/b:v4",
      "q.io/a/b:v1 docker-archive:x.tar",
    ].join("\n");
    expect(shown(text)).toEqual({
      mappings: [["q.io/a/b:v1", undefined, "m.io/x/b:v1"]],
      faults: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    });
  });
});

describe("mapping arguments", () => {
  test("a list, or pairs, but not both", () => {
    expect(parseMappingArguments(["q.io/a/b:1", "m.io/x/b:1", "m.io/y/b:1"]).mappings[0]?.destinations).toHaveLength(2);
    expect(parseMappingArguments(["q.io/a/b:1=m.io/x/b:1", "q.io/a/c:1=m.io/x/c:1"]).mappings).toHaveLength(2);
    expect(parseMappingArguments(["q.io/a/b:1=m.io/x/b:1", "q.io/a/c:1"]).faults).toHaveLength(1);
    expect(parseMappingArguments(["q.io/a/b:1"]).faults).toHaveLength(1);
  });
});
