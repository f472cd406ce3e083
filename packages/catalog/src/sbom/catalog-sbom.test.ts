import { parseReference } from "@skerry/oci";
import { describe, expect, it } from "vitest";
import { openCatalogTree } from "../open-catalog.ts";
import { memoryFile } from "../scan/source-files.ts";
import { wholeCatalog } from "../write/whole-catalog.ts";
import { catalogSbom } from "./catalog-sbom.ts";

const digest = `sha256:${"a1".repeat(32)}`;
const bundle = (version: string, images: readonly string[]): object => ({
  schema: "olm.bundle",
  name: `amber.v${version}`,
  package: "amber",
  image: `q.io/a/bundle:v${version}`,
  properties: [{ type: "olm.package", value: { packageName: "amber", version } }],
  relatedImages: images.map((image) => ({ name: "", image })),
});

describe("catalogSbom", () => {
  it("lists bundles, their images once, and which needs which, in a stable order", async () => {
    const documents = [
      { schema: "olm.package", name: "amber", defaultChannel: "stable" },
      {
        schema: "olm.channel",
        name: "stable",
        package: "amber",
        entries: [{ name: "amber.v1.1.0", replaces: "amber.v1.0.0" }, { name: "amber.v1.0.0" }],
      },
      bundle("1.1.0", [`q.io/a/op@${digest}`, "q.io/a/op:2"]),
      bundle("1.0.0", [`q.io/a/op@${digest}`]),
    ];
    const made = await Promise.all(
      [documents, documents.toReversed()].map(async (list) => {
        const bytes = Buffer.from(list.map((document) => JSON.stringify(document)).join("\n"));
        const catalog = await openCatalogTree(
          { files: [memoryFile("c.json", bytes)], problems: [], close: async () => undefined },
          { name: "c" },
        );
        const sbom = await catalogSbom(catalog, wholeCatalog(catalog), { image: parseReference("m.test/cats:v1"), toolVersion: "1.2.3" });
        await catalog.close();
        return sbom;
      }),
    );
    expect(JSON.stringify(made[0])).toBe(JSON.stringify(made[1]));
    expect(made[0]).toMatchObject({
      bomFormat: "CycloneDX",
      metadata: { component: { name: "m.test/cats", version: "v1", purl: "pkg:oci/cats?repository_url=m.test%2Fcats&tag=v1" } },
      dependencies: [
        { ref: "bundle:amber/amber.v1.0.0", dependsOn: ["image:q.io/a/bundle:v1.0.0", `image:q.io/a/op@${digest}`] },
        { ref: "bundle:amber/amber.v1.1.0", dependsOn: ["image:q.io/a/bundle:v1.1.0", "image:q.io/a/op:2", `image:q.io/a/op@${digest}`] },
      ],
    });
    const components: unknown = made[0]?.["components"];
    expect((components as { purl?: string }[]).map((component) => component.purl)).toEqual([
      undefined,
      undefined,
      "pkg:oci/bundle?repository_url=q.io%2Fa%2Fbundle&tag=v1.0.0",
      "pkg:oci/bundle?repository_url=q.io%2Fa%2Fbundle&tag=v1.1.0",
      "pkg:oci/op?repository_url=q.io%2Fa%2Fop&tag=2",
      `pkg:oci/op@sha256%3A${"a1".repeat(32)}?repository_url=q.io%2Fa%2Fop`,
    ]);
  });
});
