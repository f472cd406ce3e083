import { describe, expect, test } from "vitest";
import { isMirrorError } from "../errors.ts";
import { ConfigError, type ConfigFault } from "./config-error.ts";
import { parseImageSetConfig } from "./parse.ts";
import { imageSetSchema } from "./schema.ts";
import type { ImageSetConfig } from "./types.ts";

const HEAD = "kind: ImageSetConfiguration\napiVersion: mirror.openshift.io/v2alpha1\n";
const CATALOG = "registry.redhat.io/redhat/redhat-operator-index:v4.20";

function parse(body: string): ImageSetConfig {
  return parseImageSetConfig(HEAD + body, { path: "imageset.yaml" });
}

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

/** One operators entry with further lines below it, four spaces deep. */
function entry(...lines: string[]): string {
  return `mirror:\n  operators:\n  - catalog: ${CATALOG}\n${lines.map((line) => `    ${line}\n`).join("")}`;
}

describe("a full configuration", () => {
  const config = parse(`archiveSize: 4
mirror:
  operators:
  - catalog: ${CATALOG}
    full: false
    targetCatalog: my/index
    targetTag: prod
    targetCatalogSourceTemplate: template.yaml
    skipDependencies: true
    platforms: [{os: linux, architecture: amd64}, {os: linux, architecture: aarch64, variant: v8}]
    packages:
    - name: elasticsearch-operator
      defaultChannel: stable-5.8
      channels:
      - name: stable-5.8
        minVersion: 5.8.1
        maxVersion: v5.8.9
    - name: cluster-logging
      minVersion: 5.8.0-1
  - catalog: oci:///srv/layout
  - catalog: ./catalogs/own
  additionalImages:
  - name: quay.io/org/app:v1
    targetRepo: other/place
    targetTag: zwei
  - name: docker://quay.io/org/tool@sha256:${"a".repeat(64)}
  - name: oci:layouts/x:latest
  blockedImages:
  - name: ^quay\\.io/(org|team)/.*-debug
skerry:
  name: edge-7
  clusterVersion: "4.20"
  resources: [idms, itms]
  installed: [csv.json]
  catalogSourceNames: {"${CATALOG}": redhat-operators}
  destLayout: flat
  waive: [REF_EMPTY=strimzi.v0.16.2, IMAGE_NOT_FOUND]
`);

  test("keeps every field of a catalog", () => {
    const first = config.operators[0];
    expect(first?.source).toMatchObject({ kind: "registry", reference: { registry: "registry.redhat.io", tag: "v4.20" } });
    expect(first?.selection).toEqual({
      packages: [
        {
          name: "elasticsearch-operator",
          defaultChannel: "stable-5.8",
          channels: [{ name: "stable-5.8", minVersion: "5.8.1", maxVersion: "v5.8.9" }],
        },
        { name: "cluster-logging", minVersion: "5.8.0-1" },
      ],
    });
    expect(first).toMatchObject({ targetCatalog: "my/index", targetTag: "prod", targetCatalogSourceTemplate: "template.yaml" });
    expect(first).toMatchObject({ skipDependencies: true, position: { line: 6, column: 5 } });
    expect(first?.platforms).toEqual([
      { os: "linux", architecture: "amd64" },
      { os: "linux", architecture: "arm64", variant: "v8" },
    ]);
    expect(config.archiveSizeBytes).toBe(4 * 1024 ** 3);
  });

  test("knows layouts and folders from registries", () => {
    expect(config.operators.map((operators) => operators.source.kind)).toEqual(["registry", "layout", "path"]);
    expect(config.operators[1]?.source).toEqual({ kind: "layout", path: "/srv/layout" });
    expect(config.operators[1]?.selection).toEqual({});
    expect(config.additionalImages[2]?.source).toEqual({ kind: "layout", path: "layouts/x", name: "latest" });
    expect(config.additionalImages[1]?.source).toMatchObject({ kind: "registry", reference: { repository: "org/tool" } });
  });

  test("keeps the extension", () => {
    expect(config.skerry).toMatchObject({ name: "edge-7", clusterVersion: "4.20", resources: ["idms", "itms"], destLayout: "flat" });
    expect(config.skerry.catalogSourceNames.get(CATALOG)).toBe("redhat-operators");
    expect(config.skerry.waive).toHaveLength(2);
  });
});

test("the digest depends on what is said and not on how it is laid out", () => {
  const one = parse(entry("packages:", "- name: a", "  defaultChannel: b")).digest;
  const same = parse(`# a comment\nmirror: {operators: [{packages: [{defaultChannel: b, name: "a"}], catalog: "${CATALOG}"}]}\n`).digest;
  const other = parse(entry("packages:", "- name: a", "  defaultChannel: c")).digest;
  expect(same).toBe(one);
  expect(other).not.toBe(one);
});

describe("what Go's reader takes without loss", () => {
  test("yes, empty values, numbers that are their own text", () => {
    const config = parse(entry("full: yes", "packages:", "- name: a", "  channels:", "  - name: 1.5", "targetTag:"));
    expect(config.operators[0]?.selection).toEqual({ full: true, packages: [{ name: "a", channels: [{ name: "1.5" }] }] });
    expect(config.operators[0]).not.toHaveProperty("targetTag");
  });

  test("refuses a number that YAML would change", () => {
    const [fault] = faultsOf(HEAD + entry("packages:", "- name: a", "  minVersion: 4.10"));
    expect(fault).toMatchObject({ path: "mirror.operators[0].packages[0].minVersion", message: "expected text, got 4.10" });
    expect(fault?.suggestion).toContain('"4.10"');
  });

  test("a stanza that says nothing, a byte order mark, JSON", () => {
    expect(parse(`${entry("full: true")}  helm: {}\n  samples:\n`).operators).toHaveLength(1);
    const json = JSON.stringify({
      kind: "ImageSetConfiguration",
      apiVersion: "mirror.openshift.io/v2alpha1",
      mirror: { operators: [{ catalog: CATALOG }] },
    });
    expect(parseImageSetConfig(`\uFEFF${json}`, { path: "x" }).operators).toHaveLength(1);
  });

  test("anchors", () => {
    const config = parse(`mirror:
  operators:
  - catalog: ${CATALOG}
    platforms: &p [{os: linux, architecture: amd64}]
  additionalImages:
  - {name: "quay.io/a/b:c", platforms: *p}
`);
    expect(config.additionalImages[0]?.platforms).toEqual([{ os: "linux", architecture: "amd64" }]);
  });
});

describe("every fault is reported at once, with its place", () => {
  const found = faultsOf(`${HEAD}archiveSize: four
mirror:
  operators:
  - catalog: registry.redhat.io/redhat/redhat-operator-index
    ful: true
    packages:
    - name: a
    - name: a
      minVersion: latest
      bundles: []
  - catalog: ${CATALOG}
    full: maybe
  - catalog: ${CATALOG}
    packages:
    - channels: []
  blockedImages:
  - name: quay.io/(org
  - name: ""
skerry: {name: Upper, waive: [REF_EMTY]}
colour: red
`);

  test.each([
    ["archiveSize", 3, 14],
    ["mirror.operators[0].catalog", 6, 14],
    ["mirror.operators[0].ful", 7, 5],
    ["mirror.operators[0].packages[1].name", 10, 13],
    ["mirror.operators[0].packages[1].minVersion", 11, 19],
    ["mirror.operators[0].packages[1].bundles", 12, 7],
    ["mirror.operators[1].full", 14, 11],
    ["mirror.operators[2].packages[0].name", 17, 7],
    ["mirror.blockedImages[0].name", 19, 11],
    ["mirror.blockedImages[1].name", 20, 11],
    ["skerry.name", 21, 16],
    ["skerry.waive[0]", 21, 31],
    ["colour", 22, 1],
  ])("%s at %i:%i", (path, line, column) => {
    expect(found.filter((fault) => fault.path === path)).toMatchObject([{ line, column }]);
  });

  test("and nothing else, in the order of the file", () => {
    expect(found).toHaveLength(13);
    expect(found.map((fault) => fault.line)).toEqual(found.map((fault) => fault.line).sort((a, b) => a - b));
  });

  test("with the nearest known key", () => {
    expect(found.find((fault) => fault.path.endsWith(".ful"))?.suggestion).toBe("Did you mean full?");
    expect(found.find((fault) => fault.path.endsWith(".bundles"))?.message).toContain("bundles cannot be selected");
    expect(found.find((fault) => fault.path === "colour")?.suggestion).toBe("Known here: apiVersion, kind, archiveSize, mirror, skerry.");
  });
});

test("a value of the wrong shape hides no other fault of its entry", () => {
  const found = paths(`mirror:
  operators:
  - catalog: registry.redhat.io/redhat/redhat-operator-index
    full: maybe
    packages:
    - name: a
    - name: a
      minVersion: 4.10
      channels: wrong
skerry: {name: 7, waive: [NOPE]}
`);
  expect(found).toEqual([
    "mirror.operators[0].catalog",
    "mirror.operators[0].full",
    "mirror.operators[0].packages[1].name",
    "mirror.operators[0].packages[1].minVersion",
    "mirror.operators[0].packages[1].channels",
    "skerry.waive[0]",
  ]);
});

describe("rules between fields", () => {
  test.each([
    ["a package twice", entry("packages:", "- name: a", "- name: a"), "mirror.operators[0].packages[1].name"],
    [
      "a channel twice",
      entry("packages:", "- name: a", "  channels: [{name: s}, {name: s}]"),
      "mirror.operators[0].packages[0].channels[1].name",
    ],
    ["a catalog twice", `${entry("full: true")}  - catalog: ${CATALOG}\n`, "mirror.operators[1].catalog"],
    [
      "full and a range",
      entry("full: true", "packages:", "- name: a", "  minVersion: 1.0.0"),
      "mirror.operators[0].packages[0].minVersion",
    ],
    [
      "full and a range of a channel",
      entry("full: true", "packages:", "- name: a", "  channels: [{name: s, maxVersion: 1.0.0}]"),
      "mirror.operators[0].packages[0].channels[0].maxVersion",
    ],
    [
      "ranges of package and channel",
      entry("packages:", "- name: a", "  minVersion: 1.0.0", "  channels: [{name: s, minVersion: 1.0.0}]"),
      "mirror.operators[0].packages[0].channels[0]",
    ],
    [
      "minimum above maximum",
      entry("packages:", "- name: a", "  minVersion: 1.10.0", "  maxVersion: 1.9.0"),
      "mirror.operators[0].packages[0].minVersion",
    ],
    [
      "a default channel that is not kept",
      entry("packages:", "- name: a", "  defaultChannel: t", "  channels: [{name: s}]"),
      "mirror.operators[0].packages[0].defaultChannel",
    ],
    ["a tag in targetCatalog", entry("targetCatalog: ns/my-index:v1"), "mirror.operators[0].targetCatalog"],
    ["an unknown architecture", entry("platforms: [{os: linux, architecture: vax}]"), "mirror.operators[0].platforms[0].architecture"],
    ["an empty mirror", "mirror: {}\n", "mirror"],
    ["an empty package name", entry("packages: [{name: ''}]"), "mirror.operators[0].packages[0].name"],
    ["a negative size", `archiveSize: -1\n${entry("full: true")}`, "archiveSize"],
    ["a catalog name for no catalog", `${entry("full: true")}skerry: {catalogSourceNames: {x: y}}\n`, "skerry.catalogSourceNames.x"],
    ["an unknown resource", `${entry("full: true")}skerry: {resources: [idm]}\n`, "skerry.resources[0]"],
  ])("%s", (_name, body, path) => {
    expect(paths(body)).toEqual([path]);
  });

  test("a catalog twice under two target names is fine", () => {
    expect(parse(`${entry("targetCatalog: a/one")}  - {catalog: "${CATALOG}", targetCatalog: a/two}\n`).operators).toHaveLength(2);
  });

  test.each([
    "quay.io/a/b",
    "quay.io/a/b@",
    "quay.io/a/b@sha256:abc",
    " quay.io/a/b:c ",
    "https://quay.io/a/b:c",
    "oci://",
    "quay.io/A/b:c",
  ])("the reference %j is refused", (name) => {
    expect(paths(`mirror: {additionalImages: [{name: ${JSON.stringify(name)}}]}\n`)).toEqual(["mirror.additionalImages[0].name"]);
  });
});

test("the error is one of this package, and lists each fault as file:line:column", () => {
  try {
    parse("mirror: {operatos: []}\n");
    expect.unreachable();
  } catch (error) {
    expect(isMirrorError(error) && error.code).toBe("CONFIG_INVALID");
    expect(isMirrorError(error) && error.details[0]).toBe(
      'imageset.yaml:3:10: mirror.operatos: unknown key "operatos". Did you mean operators?',
    );
  }
});

test("the JSON Schema names every key and describes it", () => {
  const schema = JSON.stringify(imageSetSchema());
  for (const key of ["archiveSize", "targetCatalogSourceTemplate", "skipDependencies", "blockedImages", "catalogSourceNames", "waive"]) {
    expect(schema).toContain(`"${key}"`);
  }
  const properties = imageSetSchema()["properties"] as Record<string, { description?: string }>;
  for (const property of Object.values(properties)) expect(property.description).toBeTruthy();
});
