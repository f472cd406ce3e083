import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collect } from "../image/test-image.ts";
import { openCatalogTree } from "../open-catalog.ts";
import { memoryFile } from "../scan/source-files.ts";
import type { Catalog } from "../types.ts";
import { writeCatalog } from "./catalog.ts";
import { goJson } from "./go-json.ts";
import { catalogShape } from "./test-shape.ts";
import { wholeCatalog } from "./whole-catalog.ts";

/** A catalog of the given files. */
function open(files: ReadonlyMap<string, string>): Promise<Catalog> {
  const sources = [...files].map(([path, text]) => memoryFile(path, Buffer.from(text)));
  return openCatalogTree({ files: sources, problems: [], close: async () => undefined }, { name: "test" });
}

async function written(catalog: Catalog): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const file of writeCatalog(catalog, wholeCatalog(catalog))) found.set(file.path, (await collect(file.content)).toString());
  return found;
}

const text = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("__proto__", "<b>&\u2028\u2029", "10", "2", "\u0000\b\f", "\ud83d\ude00\uffee"),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("any"), { maxLength: 3 }),
    fc.dictionary(text, tie("any"), { maxKeys: 4 }),
  ),
})).any;
const name = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
const bundle = fc.record({
  version: fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9)).map((parts) => parts.join(".")),
  image: fc.constantFrom("", "quay.io/a/b:1", "oci://quay.io/a/b"),
  properties: fc.array(fc.record({ type: fc.constantFrom("test.any", "olm.bundle.object", "olm.csv.metadata"), value }), { maxLength: 3 }),
  relatedImages: fc.array(fc.record({ name: text, image: fc.constantFrom("", "quay.io/a/b:1", "quay.io/a/c@") }), { maxLength: 4 }),
});
const catalog = fc.uniqueArray(
  fc.record({
    name,
    bundles: fc.uniqueArray(bundle, { selector: (one) => one.version, minLength: 1, maxLength: 4 }),
    other: fc.dictionary(text, value, { maxKeys: 3 }),
  }),
  {
    selector: (one) => one.name,
    minLength: 1,
    maxLength: 4,
  },
);

type Packages = typeof catalog extends fc.Arbitrary<infer T> ? T : never;

/** Documents of a random catalog as a file-based one: one channel, each version replacing the one before. */
function documents(packages: Packages): string[] {
  return packages.flatMap((info) => {
    const names = info.bundles.map((one) => `${info.name}.v${one.version}`);
    const entries = names.map((own, index) => ({ name: own, ...(index === 0 ? {} : { replaces: names[index - 1] }) }));
    return [
      { schema: "olm.package", name: info.name, defaultChannel: "stable" },
      { schema: "olm.channel", name: "stable", package: info.name, entries },
      ...info.bundles.map((one, index) => ({
        schema: "olm.bundle",
        name: names[index],
        package: info.name,
        image: one.image,
        properties: [{ type: "olm.package", value: { packageName: info.name, version: one.version } }, ...one.properties],
        relatedImages: one.relatedImages,
      })),
      { ...info.other, schema: "test.other", package: info.name, name: "x" },
    ].map((document) => JSON.stringify(document));
  });
}

describe("writer and reader", () => {
  it("are inverse: what was written reads as it is and is written the same again", async () => {
    await fc.assert(
      fc.asyncProperty(catalog, fc.boolean(), async (packages, backwards) => {
        const lines = documents(packages).filter((line) => isDistinct(JSON.parse(line) as object));
        const first = await open(new Map([["catalog.json", (backwards ? lines.toReversed() : lines).join("\n")]]));
        const once = await written(first);
        const second = await open(once);
        expect(await written(second)).toEqual(once);
        expect(catalogShape(second)).toEqual(catalogShape(first));
        for (const info of first.packages) {
          for (const own of info.bundles.keys()) {
            const [a, b] = [await first.bundle(info.name, own), await second.bundle(info.name, own)];
            const sorted = (list: readonly unknown[]): string[] => list.map((item) => goJson(item)).sort();
            expect([b.name, b.image, sorted(b.properties), sorted(b.relatedImages)]).toEqual([
              a.name,
              a.image,
              sorted(a.properties),
              sorted(a.relatedImages),
            ]);
          }
        }
        await first.close();
        await second.close();
      }),
      { numRuns: 60 },
    );
  });
});

/** Two members of a document whose names fold to one are a fault of the document, not of the writer. */
function isDistinct(document: object): boolean {
  const folded = Object.keys(document).map((key) => key.toUpperCase().toLowerCase());
  return new Set(folded).size === folded.length;
}
