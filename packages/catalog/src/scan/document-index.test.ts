import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CatalogProblem } from "../types.ts";
import { type IndexedDocument, indexFiles } from "./document-index.ts";
import { memoryFile } from "./source-files.ts";
import { newSpool } from "./spool.ts";

interface Indexed {
  readonly documents: readonly (IndexedDocument & { readonly body: Record<string, unknown> })[];
  readonly problems: readonly CatalogProblem[];
}

async function index(...files: readonly (readonly [string, string | Uint8Array])[]): Promise<Indexed> {
  const documents: (IndexedDocument & { body: Record<string, unknown> })[] = [];
  const problems: CatalogProblem[] = [];
  const spool = newSpool();
  const sources = files.map(([path, content]) => memoryFile(path, typeof content === "string" ? Buffer.from(content) : content));
  await indexFiles(
    sources,
    {
      document: (document, content) => documents.push({ ...document, file: document.file, line: document.line, body: content.body() }),
      problem: (problem) => problems.push(problem),
    },
    { spool },
  );
  await spool.close();
  return { documents, problems };
}

const BUNDLE = {
  schema: "olm.bundle",
  name: "amber.v1.0.0",
  package: "amber",
  image: "registry.test/amber@sha256:aa",
  properties: [
    { type: "olm.gvk", value: { group: "a.test", kind: "Amber", version: "v1" } },
    { type: "x.note", value: 'mentions "olm.package" only' },
    { type: "olm.package", value: { packageName: "amber", version: "1.0.0" } },
  ],
};

describe("indexFiles", () => {
  it.each([
    ["pretty", JSON.stringify(BUNDLE, null, 4)],
    ["one line", JSON.stringify(BUNDLE)],
    ["not indented", JSON.stringify(BUNDLE, null, 1).replaceAll(/^ +/gm, "")],
    ["tabs and CRLF", JSON.stringify(BUNDLE, null, "\t").replaceAll("\n", "\r\n")],
    [
      "block YAML",
      'schema: olm.bundle\nname: amber.v1.0.0\npackage: amber\nimage: registry.test/amber@sha256:aa\nproperties:\n- type: olm.gvk\n  value: {group: a.test, kind: Amber, version: v1}\n- type: x.note\n  value: mentions "olm.package" only\n- type: olm.package\n  value:\n    packageName: amber\n    version: 1.0.0\n',
    ],
    ["flow YAML", `--- # first\n${JSON.stringify(BUNDLE)}\n---\n`],
  ])("reads head and body of a bundle written as %s", async (_, text) => {
    const { documents, problems } = await index(["amber/catalog", text]);
    expect(problems).toEqual([]);
    expect(documents).toHaveLength(1);
    expect(documents[0]).toMatchObject({
      schema: "olm.bundle",
      package: "amber",
      name: "amber.v1.0.0",
      image: BUNDLE.image,
      version: "1.0.0",
    });
    expect(documents[0]?.body).toEqual(BUNDLE);
  });

  it.each([
    ["a comma too many", '{"schema": "x.a", "a": [1,],}', { schema: "x.a", a: [1] }],
    ["text without quotes", '{"schema": "x.a", "a": yes}', { schema: "x.a", a: true }],
    ["tabs and a comma too many", '{\n\t"schema": "x.a",\n\t"a": "\\t",\n}\n', { schema: "x.a", a: "\t" }],
    ["no line feed behind a block", "schema: x.a\na: |+\n  b\n  ", { schema: "x.a", a: "b\n\n" }],
  ])("takes text with %s for YAML", async (_, text, body) => {
    const { documents, problems } = await index(["f", text]);
    expect(problems).toEqual([]);
    expect(documents.map((document) => document.body)).toEqual([body]);
  });

  it("says what is wrong with text that was meant as JSON, too", async () => {
    const { problems } = await index(["f", '{"schema": "x.a",}{"schema": "x.b"}']);
    expect(problems[0]?.message).toMatch(/^Cannot read f:1: the document is neither JSON \(.*double-quoted.*\) nor YAML: /);
  });

  it("takes empty lines between an object and YAML for a document without schema, as opm does", async () => {
    const json = '{"schema": "x.a"}';
    expect((await index(["f", `${json}\n---\nschema: x.b\n`])).documents).toHaveLength(2);
    const { documents, problems } = await index(["f", `${json}\n\n---\nschema: x.b\n`]);
    expect(documents).toHaveLength(1);
    expect(problems.map(({ message }) => message)).toEqual(["Cannot read f:2: the document has no schema"]);
  });

  it("finds the same documents, lines and offsets in concatenated JSON of any spacing", async () => {
    const value = fc.jsonValue({ maxDepth: 4 });
    const document = fc.record({
      schema: fc.constantFrom("x.a", "olm.bundle"),
      name: fc.string({ unit: "binary" }),
      note: value,
      properties: fc.array(value, { maxLength: 3 }),
    });
    const spacing = fc.constantFrom<string | number | undefined>(undefined, 1, 4, "\t");
    const between = fc.constantFrom("", "\n", "\r\n", "\n\n  ");
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(document, spacing, between), { minLength: 1, maxLength: 6 }), async (parts) => {
        const text = parts.map(([one, indent, gap]) => JSON.stringify(one, null, indent) + gap).join("");
        const { documents, problems } = await index(["c.json", text]);
        expect(problems).toEqual([]);
        const bytes = Buffer.from(text);
        expect(documents.map(({ body }) => body)).toEqual(parts.map(([one]) => JSON.parse(JSON.stringify(one)) as unknown));
        for (const { offset, length, line, name, body } of documents) {
          expect(JSON.parse(bytes.toString("utf8", offset, offset + length))).toEqual(body);
          expect(line).toBe(bytes.toString("utf8", 0, offset).split("\n").length);
          expect(name).toBe(body["name"]);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("cuts documents that are larger than a read, at any position of the edge", async () => {
    for (const size of [1_048_500, 1_048_576, 2_200_000]) {
      const big = { schema: "x.big", name: "big", data: '"}\n{\\'.repeat(size / 8) };
      const text = `${JSON.stringify(big, null, 4)}\n${JSON.stringify(BUNDLE, null, 4)}\n${JSON.stringify(big)}${JSON.stringify(BUNDLE)}`;
      const { documents, problems } = await index(["big.json", text]);
      expect(problems).toEqual([]);
      expect(documents.map(({ name }) => name)).toEqual(["big", "amber.v1.0.0", "big", "amber.v1.0.0"]);
    }
  });

  it("goes on with the next file when one is broken, and names document and line", async () => {
    const { documents, problems } = await index(
      ["a.yaml", "schema: x.a\nname: one\n---\nschema: [\n"],
      ["b.json", '{"schema":"x.b","name":"two"}\n{"name":"no schema"}\n{"schema":"x.c"}'],
      ["c.yaml", "schema: x.d\n--- trailing\n"],
      ["d.png", Uint8Array.of(0x89, 0x50, 0xff, 0xfe)],
      ["e.yaml", "schema: x.e\nname: last\n"],
    );
    expect(documents.map(({ schema }) => schema)).toEqual(["x.a", "x.b", "x.e"]);
    expect(problems.map(({ code, subject }) => [code, subject])).toEqual([
      ["CATALOG_UNREADABLE", "a.yaml:5"],
      ["CATALOG_UNREADABLE", "b.json:2"],
      ["CATALOG_UNREADABLE", "c.yaml:2"],
      ["CATALOG_UNREADABLE", "d.png:1"],
    ]);
  });

  it("refuses documents that are too deep, and keys that differ only in case", async () => {
    const deep = `{"schema":"x.deep","a":${"[".repeat(120)}${"]".repeat(120)}}`;
    const { documents, problems } = await index(
      ["deep.json", deep],
      ["deep.yaml", `schema: x.deep\na: ${"[".repeat(120)}${"]".repeat(120)}\n`],
      ["fold.json", '{"schema":"x.f","maß":1,"mass":2}'],
    );
    expect(documents).toEqual([]);
    expect(problems.map(({ subject }) => subject)).toEqual(["deep.json:1", "deep.yaml:2", "fold.json:1"]);
    expect(problems[0]?.message).toContain("deeper than 100 levels");
  });

  it("keeps __proto__ an ordinary key", async () => {
    const { documents } = await index(
      ["p.json", '{"schema":"x.p","__proto__":{"polluted":true}}'],
      ["p.yaml", "schema: x.p\n__proto__: {polluted: true}\n"],
    );
    for (const { body } of documents) {
      expect(Object.hasOwn(body, "__proto__")).toBe(true);
      expect(body["polluted"]).toBeUndefined();
    }
    expect(documents).toHaveLength(2);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("survives damaged input without a fault", async () => {
    const seeds = [
      JSON.stringify(BUNDLE, null, 4),
      JSON.stringify(BUNDLE),
      "schema: olm.bundle\nname: a\npackage: b\nimage: c\nproperties:\n- type: olm.package\n  value: {version: 1.0.0}\n---\nschema: x\n",
    ];
    const change = fc.record({
      at: fc.nat(2000),
      drop: fc.nat(8),
      put: fc.oneof(
        fc.string({ unit: "binary", maxLength: 6 }),
        fc.constantFrom("{", "}", '"', "\n---\n", "[", "\\", "\0", "&a *a", "<<: "),
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...seeds), fc.array(change, { maxLength: 6 }), async (seed, changes) => {
        const text = changes.reduce(
          (now, { at, drop, put }) => now.slice(0, at % (now.length + 1)) + put + now.slice((at % (now.length + 1)) + drop),
          seed,
        );
        const { documents } = await index(["fuzzed", text]).catch((error: unknown) => {
          // A body that is no JSON is the reader's to refuse; the index never looked at it.
          if (error instanceof SyntaxError) return { documents: [] };
          throw error;
        });
        for (const { schema } of documents) expect(schema).not.toBe("");
      }),
      { numRuns: 400 },
    );
  });
});
