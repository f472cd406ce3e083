import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  buildClusterResources,
  type CatalogEntry,
  type ClusterProfile,
  hostedClusterPatch,
  type MirrorEntry,
  type ResourceRequest,
} from "@skerry/cluster";
import { parseDigest } from "@skerry/oci";
import { load } from "js-yaml";
import { describe, expect, test } from "vitest";
import { sharedPath } from "../shared-data.ts";
import { crdSchema, type Schema, schemaFaults } from "./structural-schema.ts";

const crds = sharedPath("crds");

const FILES: Readonly<Record<string, readonly [file: string, version: string]>> = {
  ImageDigestMirrorSet: ["0000_10_config-operator_01_imagedigestmirrorsets.crd.yaml", "v1"],
  ImageTagMirrorSet: ["0000_10_config-operator_01_imagetagmirrorsets.crd.yaml", "v1"],
  ImageContentSourcePolicy: ["0000_10_config-operator_01_imagecontentsourcepolicies.crd.yaml", "v1alpha1"],
  CatalogSource: ["operators.coreos.com_catalogsources.yaml", "v1alpha1"],
  ClusterCatalog: ["olm.operatorframework.io_clustercatalogs.yaml", "v1"],
};

const DIGEST = parseDigest(`sha256:${"c".repeat(64)}`);

const MIRRORS: readonly MirrorEntry[] = [
  { source: "quay.io/org/app", mirror: "mirror.test:8443/ocp/org/app", byDigest: true, byTag: true },
  { source: "docker.io/library/busybox", mirror: "mirror.test:8443/ocp/library/busybox", byDigest: false, byTag: true },
  { source: "localhost:5000/a_b/c__d/e-f.g", mirror: "mirror.test:8443/ocp/a_b/c__d/e-f.g", byDigest: true, byTag: false },
  { source: "registry.redhat.io/redhat/index", mirror: "mirror.test:8443/ocp/redhat/index", byDigest: true, byTag: true, isCatalog: true },
];

const CATALOGS: readonly CatalogEntry[] = [
  {
    catalog: "registry.redhat.io/redhat/index:v4.20",
    repository: "mirror.test:8443/ocp/redhat/index",
    tag: "v4.20",
    digest: DIGEST,
    bytes: 14_000_000,
    serving: "extract",
  },
  { catalog: "old", repository: "mirror.test:8443/ocp/old", tag: "V1_0", digest: DIGEST, bytes: 1, serving: "image", format: "sqlite" },
];

function request(profile: ClusterProfile, more: Partial<ResourceRequest> = {}): ResourceRequest {
  return { profile, imageSet: "edge", mirrors: MIRRORS, catalogs: CATALOGS, ...more };
}

function objectsOf(of: ResourceRequest): Record<string, unknown>[] {
  const files = buildClusterResources(of).files.filter((file) => file.name.endsWith(".yaml"));
  return files.map((file) => load(file.text) as Record<string, unknown>);
}

function schemaOf(kind: unknown): Schema {
  const [file, version] = FILES[String(kind)] ?? ["", ""];
  return crdSchema(load(readFileSync(join(crds ?? "", file), "utf8")), version);
}

describe.skipIf(crds === undefined)("against the CRDs of ../shared/data/crds", () => {
  test.each([
    ["openshift", "4.12", ["ImageContentSourcePolicy", "CatalogSource", "CatalogSource"]],
    ["openshift", "4.14", ["ImageDigestMirrorSet", "ImageTagMirrorSet", "CatalogSource", "CatalogSource"]],
    ["okd", "4.18.0-okd-scos.3", ["ImageDigestMirrorSet", "ImageTagMirrorSet", "CatalogSource", "CatalogSource", "ClusterCatalog"]],
    ["openshift", "4.22", ["ImageDigestMirrorSet", "ImageTagMirrorSet", "CatalogSource", "CatalogSource", "ClusterCatalog"]],
    ["hosted", "4.20", ["CatalogSource", "CatalogSource", "ClusterCatalog"]],
    ["microshift", "4.20", ["CatalogSource", "CatalogSource"]],
  ] as const)("%s %s", (flavour, version, kinds) => {
    const objects = objectsOf(request({ flavour, version }));
    expect(objects.map((object) => object["kind"])).toEqual(kinds);
    for (const object of objects) expect(schemaFaults(schemaOf(object["kind"]), object)).toEqual([]);
  });

  test("with every option", () => {
    const template = {
      path: "t.yaml",
      text: "apiVersion: operators.coreos.com/v1alpha1\nkind: CatalogSource\nmetadata: {labels: {team: a}}\nspec: {priority: -5, updateStrategy: {registryPoll: {interval: 30m}}, grpcPodConfig: {nodeSelector: {a: b}}}\n",
    };
    const catalogs = CATALOGS.slice(0, 1).map((entry) => ({ ...entry, template }));
    for (const scope of ["repository", "namespace", "registry"] as const) {
      const objects = objectsOf(request({ flavour: "openshift", version: "4.20" }, { scope, neverContactSource: true, catalogs }));
      expect(objects).toHaveLength(4);
      for (const object of objects) expect(schemaFaults(schemaOf(object["kind"]), object)).toEqual([]);
    }
  });

  test("the schema check finds faults", () => {
    const [first] = objectsOf(request({ flavour: "openshift", version: "4.20" }));
    const broken = { ...first, spec: { imageDigestMirrors: [{ mirrors: ["a:tag@x"], sourcePolicy: 1 }] } };
    expect(schemaFaults(schemaOf("ImageDigestMirrorSet"), broken)).toHaveLength(3);
  });
});

test("the patch of a HostedCluster lists digest mirrors", () => {
  expect(load(hostedClusterPatch(MIRRORS))).toEqual({
    spec: {
      imageContentSources: [
        { source: "localhost:5000/a_b/c__d/e-f.g", mirrors: ["mirror.test:8443/ocp/a_b/c__d/e-f.g"] },
        { source: "quay.io/org/app", mirrors: ["mirror.test:8443/ocp/org/app"] },
      ],
    },
  });
});
