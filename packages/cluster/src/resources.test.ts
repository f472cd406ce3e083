import { parseDigest } from "@skerry/oci";
import { load } from "js-yaml";
import { describe, expect, test } from "vitest";
import type { CatalogEntry } from "./catalog-entry.ts";
import { isClusterError } from "./errors.ts";
import type { MirrorEntry } from "./mirror-entries.ts";
import { buildClusterResources, type ResourceRequest } from "./resources.ts";

const DIGEST = parseDigest(`sha256:${"c".repeat(64)}`);

function catalog(more: Partial<CatalogEntry> = {}): CatalogEntry {
  return {
    catalog: "registry.redhat.io/redhat/redhat-operator-index:v4.20",
    repository: "mirror.test:8443/ocp/redhat/redhat-operator-index",
    tag: "v4.20",
    digest: DIGEST,
    bytes: 14_000_000,
    serving: "extract",
    ...more,
  };
}

const BOTH: MirrorEntry = { source: "quay.io/org/app", mirror: "mirror.test:8443/ocp/org/app", byDigest: true, byTag: true };
const DIGESTS: MirrorEntry = { source: "quay.io/org/tool", mirror: "mirror.test:8443/ocp/org/tool", byDigest: true, byTag: false };
const INDEX: MirrorEntry = {
  source: "registry.redhat.io/redhat/redhat-operator-index",
  mirror: "mirror.test:8443/ocp/redhat/redhat-operator-index",
  byDigest: true,
  byTag: true,
  isCatalog: true,
};

function request(more: Partial<ResourceRequest> = {}): ResourceRequest {
  return {
    profile: { flavour: "openshift", version: "4.20" },
    imageSet: "edge",
    mirrors: [INDEX, DIGESTS, BOTH],
    catalogs: [catalog()],
    ...more,
  };
}

function spec(text: string | undefined): Record<string, unknown> {
  return (load(text ?? "") as { spec: Record<string, unknown> }).spec;
}

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    if (isClusterError(error)) return error.code;
    throw error;
  }
  return undefined;
}

describe("a whole set", () => {
  const built = buildClusterResources(request());

  test("has the names of the contract, mirror rules first", () => {
    expect(built.files.map((file) => file.name)).toEqual([
      "idms-edge-0.yaml",
      "itms-edge-0.yaml",
      "cs-redhat-operator-index-v4-20.yaml",
      "cc-redhat-operator-index-v4-20.yaml",
    ]);
    expect(built).toMatchObject({ idms: ["idms-edge-0"], itms: ["itms-edge-0"], icsp: [] });
    expect(built.catalogSources).toEqual([
      {
        name: "cs-redhat-operator-index-v4-20",
        catalog: "registry.redhat.io/redhat/redhat-operator-index:v4.20",
        targetRef: `mirror.test:8443/ocp/redhat/redhat-operator-index@${DIGEST}`,
      },
    ]);
  });

  test("is the same text for the same request in another order, without times", () => {
    const again = buildClusterResources(request({ mirrors: [BOTH, INDEX, DIGESTS] }));
    expect(again).toEqual(built);
    for (const file of built.files) {
      expect(file.text).toContain("skerry.dev/image-set: edge");
      expect(file.text).not.toMatch(/createdAt|annotations|20\d\d-/);
    }
  });

  test("never redirects the catalog image itself", () => {
    for (const name of ["idms-edge-0.yaml", "itms-edge-0.yaml"]) {
      expect(built.files.find((file) => file.name === name)?.text).not.toContain("redhat-operator-index");
    }
  });

  test("puts tags into ITMS and says what that does", () => {
    expect(spec(built.files[1]?.text)).toEqual({
      imageTagMirrors: [{ source: "quay.io/org/app", mirrors: ["mirror.test:8443/ocp/org/app"] }],
    });
    expect(built.problems).toMatchObject([{ code: "TAG_NEEDS_ITMS", severity: "info" }]);
  });

  test("the CatalogSource names the digest and how it is served", () => {
    expect(spec(built.files[2]?.text)).toEqual({
      sourceType: "grpc",
      image: `mirror.test:8443/ocp/redhat/redhat-operator-index@${DIGEST}`,
      displayName: "redhat-operator-index (edge)",
      publisher: "skerry",
      grpcPodConfig: { memoryTarget: "120Mi", securityContextConfig: "restricted", extractContent: { catalogDir: "/configs" } },
    });
  });
});

describe("the cluster's version decides", () => {
  test("before 4.13: ICSP, and a row for what is pulled by tag", () => {
    const built = buildClusterResources(
      request({ profile: { flavour: "openshift", version: "4.12" }, catalogs: [catalog({ serving: "image" })] }),
    );
    expect(built.files.map((file) => file.name)).toEqual(["icsp-edge-0.yaml", "cs-redhat-operator-index-v4-20.yaml"]);
    expect(built.problems).toMatchObject([{ code: "TAG_UNREACHABLE", severity: "error", subject: "quay.io/org/app" }]);
    expect(spec(built.files[1]?.text)["grpcPodConfig"]).toEqual({ securityContextConfig: "restricted" });
  });

  test.each([
    ["4.11", undefined],
    ["4.13", { securityContextConfig: "restricted" }],
    ["4.14", { memoryTarget: "120Mi", securityContextConfig: "restricted" }],
  ])("%s knows no later fields of grpcPodConfig", (version, expected) => {
    const built = buildClusterResources(request({ profile: { flavour: "okd", version }, mirrors: [] }));
    expect(spec(built.files[0]?.text)["grpcPodConfig"]).toEqual(expected);
  });

  test("MicroShift: a drop-in for registries.conf, which oc apply passes over", () => {
    const built = buildClusterResources(request({ profile: { flavour: "microshift", version: "4.20" } }));
    expect(built.files.map((file) => file.name)).toEqual(["999-skerry-edge.conf", "cs-redhat-operator-index-v4-20.yaml"]);
    expect(built.problems).toEqual([]);
  });

  test("MicroShift without anything to redirect: no empty drop-in", () => {
    const built = buildClusterResources(request({ profile: { flavour: "microshift", version: "4.20" }, mirrors: [] }));
    expect(built.files.map((file) => file.name)).toEqual(["cs-redhat-operator-index-v4-20.yaml"]);
  });

  test("hosted: catalogs only, and a row for tags", () => {
    const built = buildClusterResources(request({ profile: { flavour: "hosted", version: "4.20" } }));
    expect(built.files.map((file) => file.name.slice(0, 3))).toEqual(["cs-", "cc-"]);
    expect(built.problems).toMatchObject([{ code: "TAG_UNREACHABLE", subject: "quay.io/org/app" }]);
  });

  test.each([
    ["openshift", "4.12", ["idms"]],
    ["openshift", "4.17", ["clustercatalog"]],
    ["microshift", "4.20", ["itms"]],
    ["hosted", "4.20", ["idms"]],
    ["openshift", "4.13.26", ["icsp", "idms"]],
    ["openshift", "4.14", ["icsp", "itms"]],
  ] as const)("%s %s refuses %j", (flavour, version, resources) => {
    expect(codeOf(() => buildClusterResources(request({ profile: { flavour, version }, resources })))).toBe("RESOURCES_UNSUPPORTED");
  });

  test.each(["4.13.27", "4.14.3", "4.15"])("%s takes ICSP beside IDMS", (version) => {
    const built = buildClusterResources(request({ profile: { flavour: "openshift", version }, resources: ["icsp", "idms"] }));
    expect(built.files.map((file) => file.name)).toEqual(["icsp-edge-0.yaml", "idms-edge-0.yaml"]);
    expect(built.problems).toMatchObject([{ code: "TAG_NEEDS_ITMS", severity: "error", subject: "quay.io/org/app" }]);
  });

  test.each(["", "4", "four", "4.20 ", "4.-1"])("%j is no version", (version) => {
    expect(codeOf(() => buildClusterResources(request({ profile: { flavour: "openshift", version } })))).toBe("PROFILE_INVALID");
  });
});

describe("names of catalogs", () => {
  test("two of one name are refused, and a given name helps", () => {
    const other = catalog({
      catalog: "other.test/x/redhat-operator-index:v4.20",
      repository: "mirror.test:8443/ocp/x/redhat-operator-index",
    });
    expect(codeOf(() => buildClusterResources(request({ catalogs: [catalog(), other] })))).toBe("NAME_COLLISION");
    const built = buildClusterResources(request({ catalogs: [catalog(), { ...other, name: "redhat-operators" }] }));
    expect(built.files.map((file) => file.name)).toContain("cs-redhat-operators.yaml");
    expect(built.clusterCatalogs.map(({ name }) => name)).toContain("redhat-operators");
  });

  test.each([
    ["Prod_2026.1-long-tag", "cs-redhat-operator-index-prod-2026-1"],
    [`img-${"ab12".repeat(16)}`, "cs-redhat-operator-index-ab12ab12ab12"],
  ])("the tag %s", (tag, name) => {
    expect(buildClusterResources(request({ catalogs: [catalog({ tag })] })).catalogSources[0]?.name).toBe(name);
  });

  test.each(["Upper", "a_b", "-a", "", "x".repeat(64)])("the given name %j is refused", (name) => {
    expect(codeOf(() => buildClusterResources(request({ catalogs: [catalog({ name })] })))).toBe("NAME_INVALID");
  });
});

describe("a CatalogSource template", () => {
  const start = "apiVersion: operators.coreos.com/v1alpha1\nkind: CatalogSource\n";
  function withTemplate(text: string): string {
    const files = buildClusterResources(request({ catalogs: [catalog({ template: { path: "t.yaml", text } })] })).files;
    return files.find((file) => file.name.startsWith("cs-"))?.text ?? "";
  }

  test("gives labels and spec; name, namespace, image and serving stay ours", () => {
    const text = withTemplate(`${start}metadata: {name: mine, namespace: x, labels: {team: a}, annotations: {b: c}, uid: z}
spec: {displayName: Mine, image: other, grpcPodConfig: {memoryTarget: 1Gi, extractContent: {catalogDir: /x, cacheDir: /y}}}
`);
    const object = load(text) as { metadata: Record<string, unknown>; spec: Record<string, unknown> };
    expect(object.metadata).toEqual({
      name: "cs-redhat-operator-index-v4-20",
      namespace: "openshift-marketplace",
      labels: { team: "a", "skerry.dev/image-set": "edge" },
      annotations: { b: "c" },
    });
    expect(object.spec).toMatchObject({ displayName: "Mine", publisher: "skerry", image: expect.stringContaining("@sha256:") });
    expect(object.spec["grpcPodConfig"]).toMatchObject({ memoryTarget: "1Gi", extractContent: { catalogDir: "/configs" } });
  });

  test.each([
    ["not YAML", "a: ["],
    ["another kind", "apiVersion: v1\nkind: ConfigMap\n"],
    ["an address", `${start}spec: {address: "a:50051"}\n`],
    ["another source", `${start}spec: {sourceType: configmap}\n`],
    ["a list", "- a\n"],
    ["an unknown key", `${start}spek: {}\n`],
    ["a label that is no text", `${start}metadata: {labels: {a: 1}}\n`],
  ])("%s is refused", (_name, text) => {
    expect(codeOf(() => withTemplate(text))).toBe("TEMPLATE_INVALID");
  });
});

test("large sets are split below the limit, and nothing is lost", () => {
  const mirrors = Array.from({ length: 4000 }, (_, index) => ({
    source: `quay.io/organisation-${index}/application`,
    mirror: `mirror.test:8443/ocp/organisation-${index}/application`,
    byDigest: true,
    byTag: false,
  }));
  const built = buildClusterResources(request({ mirrors, catalogs: [] }));
  expect(built.idms).toEqual(["idms-edge-0", "idms-edge-1", "idms-edge-2"]);
  const sources = built.files.flatMap((file) => spec(file.text)["imageDigestMirrors"] as { source: string }[]).map(({ source }) => source);
  expect(new Set(sources).size).toBe(4000);
  for (const file of built.files) {
    expect(Buffer.byteLength(file.text)).toBeLessThan(250_000);
    expect(Buffer.byteLength(JSON.stringify(load(file.text)))).toBeLessThan(250_000);
  }
});

test("what a cluster would refuse is refused here", () => {
  const mirrors = [{ ...DIGESTS, mirror: "[::1]:5000/ocp/org/tool" }];
  expect(codeOf(() => buildClusterResources(request({ mirrors })))).toBe("MIRROR_INVALID");
});

test("an image set's name becomes a part of object names", () => {
  const built = buildClusterResources(request({ imageSet: "My_Image.Set--" }));
  expect(built.idms).toEqual(["idms-my-image-set-0"]);
});
