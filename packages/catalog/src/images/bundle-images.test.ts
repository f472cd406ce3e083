import { formatReference } from "@skerry/oci";
import { describe, expect, it } from "vitest";
import { sharedPath } from "../../../../tests/shared-data.ts";
import { openFileCatalog } from "../open-catalog.ts";
import type { Bundle, BundleImages } from "../types.ts";
import { bundleImages, environmentImagesOf } from "./bundle-images.ts";

const broken = sharedPath("catalogs-broken");
const edge = sharedPath("golden", "oc-mirror", "edge", "catalogs");

/** Images, repaired rows and broken rows of every bundle of a catalog, in one line each. */
async function summary(path: string): Promise<Record<string, { images: number; repaired: string[]; broken: string[] }>> {
  const catalog = await openFileCatalog(path);
  const found: Record<string, { images: number; repaired: string[]; broken: string[] }> = {};
  for (const info of catalog.packages) {
    for (const name of info.bundles.keys()) found[name] = short(bundleImages(await catalog.bundle(info.name, name)));
  }
  await catalog.close();
  return found;
}

function short(result: BundleImages): { images: number; repaired: string[]; broken: string[] } {
  return {
    images: result.images.length,
    repaired: result.problems.map((row) => `${row.code} ${row.field} ${row.result}`),
    broken: result.broken.map((entry) => `${entry.problem.code} ${entry.field} ${entry.original}`),
  };
}

function bundle(fields: Partial<Bundle>): Bundle {
  return { name: "amber.v1", package: "amber", image: "quay.io/a/bundle:v1", properties: [], relatedImages: [], ...fields };
}

function objectProperty(manifest: unknown): Bundle["properties"][number] {
  return { type: "olm.bundle.object", value: { data: Buffer.from(JSON.stringify(manifest)).toString("base64") } };
}

describe("bundleImages", () => {
  it.skipIf(broken === undefined)(
    "mends or reports the broken bundles whose CSV is inline (data/catalogs-broken/bundle-objects)",
    async () => {
      const found = await summary(`${broken}/bundle-objects`);
      expect(found["strimzi-cluster-operator.v0.16.2"]).toEqual({
        images: 5,
        repaired: [
          "REF_VALUE_KEY relatedImages[0].image docker.io/strimzi/operator@sha256:d134a9865524c29fcf75bbc4469013bc38d8a15cb5f41acfddb6b9e492f556e4",
          "REF_VALUE_KEY relatedImages[1].image docker.io/strimzi/kafka@sha256:13348c15263bd8838ec1d5fc4550ede9860fcbb0f843e48cbccec07810eebb68",
          "REF_VALUE_KEY relatedImages[2].image docker.io/strimzi/kafka@sha256:66281e4e9f687b27a85c9ef2ecbb76909e4fa611717d627a14c4cfeb0a212825",
          "REF_VALUE_KEY relatedImages[3].image docker.io/strimzi/kafka-bridge@sha256:feea4b8c2336d8102540e1554dda35186493c6ce404fe9a201510e0d4b91f169",
        ],
        broken: [],
      });
      expect(found["3scale-community-operator.v0.5.1"]?.repaired).toEqual([
        "REF_VALUE_KEY relatedImages[0].image docker.io/centos/redis-32-centos7:latest",
        "REF_VALUE_KEY relatedImages[1].image docker.io/centos/mysql-57-centos7:latest",
        "REF_VALUE_KEY relatedImages[2].image docker.io/centos/postgresql-10-centos7:latest",
      ]);
      for (const version of ["0.11.0", "0.11.1"]) {
        expect(found[`kuadrant-operator.v${version}`]).toEqual({
          images: 3,
          repaired: ["REF_SCHEME relatedImages[0].image quay.io/kuadrant/wasm-shim:v0.6.0"],
          broken: [],
        });
      }
      for (const version of ["1.14.0", "1.15.0"]) {
        expect(found[`seldon-operator.v${version}`]).toEqual({ images: 2, repaired: [], broken: ["REF_EMPTY relatedImages[0].image "] });
      }
      expect(found["sosivio-operator.v1.5.0-95"]).toEqual({
        images: 23,
        repaired: [],
        broken: ["REF_INVALID relatedImages[10].image quay.io/sosivio/draingo@"],
      });
    },
  );

  it.skipIf(broken === undefined)("leaves to the bundle image what csv.metadata has lost (data/catalogs-broken/csv-metadata)", async () => {
    const found = await summary(`${broken}/csv-metadata`);
    expect(found["strimzi-cluster-operator.v0.16.2"]?.broken).toHaveLength(4);
    expect(found["3scale-community-operator.v0.5.1"]?.broken).toHaveLength(3);
    expect(found["kuadrant-operator.v0.11.0"]?.repaired).toHaveLength(1);
  });

  it.skipIf(edge === undefined).each([
    ["empty", [], ["REF_EMPTY"]],
    ["null", [], ["REF_EMPTY"]],
    ["value-key", ["REF_VALUE_KEY quay.io/edge/app:v1"], []],
    ["oci", ["REF_SCHEME quay.io/edge/app:v1"], []],
    ["docker-scheme", ["REF_SCHEME quay.io/edge/app:v1"], []],
    ["https-scheme", ["REF_SCHEME quay.io/edge/app:v1"], []],
    ["trailing-at", [], ["REF_INVALID"]],
    ["trailing-colon", [], ["REF_INVALID"]],
    ["notag", ["REF_NO_TAG quay.io/edge/app:latest"], []],
    ["space-inside", [], ["REF_INVALID"]],
    ["space-around", ["REF_INVALID quay.io/edge/app:v1"], []],
    ["newline", ["REF_INVALID quay.io/edge/app:v1"], []],
    ["upper", [], ["REF_INVALID"]],
    ["short-digest", [], ["REF_INVALID"]],
    ["upper-digest", [`REF_INVALID quay.io/edge/app@sha256:${"c1".repeat(32)}`], []],
    ["sha512", [], []],
    ["md5", [], ["REF_INVALID"]],
    ["port", [], []],
    ["localhost", [], []],
    ["nohost", [], []],
    ["dockerhub-forms", [], []],
    ["tag-digest", [], []],
    ["two-tags-one-digest", [], []],
    ["dup", [], []],
    ["samepath", [], []],
    ["longtag", [], ["REF_INVALID"]],
    ["template", [], ["REF_INVALID"]],
    ["latest", [], []],
    ["bundle-not-listed", [], []],
    ["bundle-empty", [], ["REF_EMPTY"]],
    ["none", [], []],
    ["good", [], []],
  ])("spelling %s (data/golden/oc-mirror/edge)", async (id, repaired, unusable) => {
    const found = Object.values(await summary(`${edge}/ref-${id}`));
    expect(found).toHaveLength(1);
    expect(found[0]?.repaired.map((row) => row.replace(/ \S+\.image /, " "))).toEqual(repaired);
    expect(found[0]?.broken.map((row) => row.split(" ")[0])).toEqual(unusable);
  });

  it("merges one image under all fields it was found in", () => {
    const { images } = bundleImages(
      bundle({
        relatedImages: [
          { name: "a", image: "busybox:1.36" },
          { name: "b", image: "docker.io/library/busybox:1.36" },
          { name: "", image: "quay.io/a/bundle:v1" },
        ],
      }),
    );
    expect(images.map((image) => [formatReference(image.reference), image.kind, image.fields])).toEqual([
      ["quay.io/a/bundle:v1", "bundle", ["image", "relatedImages[2].image"]],
      ["docker.io/library/busybox:1.36", "related", ["relatedImages[0].image", "relatedImages[1].image"]],
    ]);
  });

  it("adds containers and init containers of the CSV, and RELATED_IMAGE values only when asked", () => {
    const container = (image: string, env: unknown[] = []): unknown => ({ name: "c", image, env });
    const csv = {
      kind: "ClusterServiceVersion",
      spec: {
        install: {
          strategy: "deployment",
          spec: {
            deployments: [
              {
                spec: {
                  template: {
                    spec: {
                      initContainers: [container("quay.io/a/init:v1")],
                      containers: [container("quay.io/a/operator:v1", [{ name: "RELATED_IMAGE_X", value: "quay.io/a/x:v1" }])],
                    },
                  },
                },
              },
            ],
          },
        },
      },
    };
    const whole = bundle({ image: "", properties: [objectProperty({ kind: "Service" }), objectProperty(csv)] });
    const pod = "csv.spec.install.spec.deployments[0].spec.template.spec";
    expect(bundleImages(whole).images.map((image) => [image.reference.repository, image.fields])).toEqual([
      ["a/init", [`${pod}.initContainers[0].image`]],
      ["a/operator", [`${pod}.containers[0].image`]],
    ]);
    expect(bundleImages(whole, { environment: true }).images.map((image) => image.fields[0])).toContain(
      `${pod}.containers[0].env[0].value`,
    );
    // A CSV that was found in the bundle image gives the same, where the catalog has none.
    const bare = bundle({ properties: [] });
    expect(environmentImagesOf(bare)).toBeUndefined();
    const fields = bundleImages(bare, { environmentImages: environmentImagesOf(whole) ?? [] }).images.flatMap((image) => image.fields);
    expect(fields).toContain(`${pod}.containers[0].env[0].value`);
    const manual = { ...csv, spec: { install: { ...csv.spec.install, strategy: "other" } } };
    expect(bundleImages(bundle({ properties: [objectProperty(manual)] })).images).toHaveLength(1);
  });

  it("does not guess between entries of one name", () => {
    const csv = {
      kind: "ClusterServiceVersion",
      spec: {
        relatedImages: [{ name: "x", value: "quay.io/a/one:v1" }, { name: "x", image: "", value: "quay.io/a/two:v1" }, { name: "y" }],
      },
    };
    const result = bundleImages(
      bundle({
        properties: [objectProperty(csv)],
        relatedImages: [
          { name: "x", image: "" },
          { name: "x", image: "" },
          { name: "x", image: "" },
          { name: "y", image: "" },
        ],
      }),
    );
    expect(short(result)).toEqual({
      images: 3,
      repaired: ["REF_VALUE_KEY relatedImages[0].image quay.io/a/one:v1", "REF_VALUE_KEY relatedImages[1].image quay.io/a/two:v1"],
      broken: ["REF_EMPTY relatedImages[2].image ", "REF_EMPTY relatedImages[3].image "],
    });
  });

  it("survives objects that are no manifests", () => {
    const properties = [{ data: "%%%" }, { data: 5 }, null, { data: Buffer.from("[1]").toString("base64") }].map((value) => ({
      type: "olm.bundle.object",
      value,
    }));
    const strange = objectProperty({
      kind: "ClusterServiceVersion",
      spec: { relatedImages: [null, 3, { name: {} }], install: { strategy: "deployment", spec: { deployments: [null, { spec: [] }] } } },
    });
    expect(short(bundleImages(bundle({ properties: [...properties, strange] })))).toEqual({ images: 1, repaired: [], broken: [] });
  });
});
