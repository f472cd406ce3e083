import { isOciError } from "@skerry/oci";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mirrorEntriesOf } from "./mirror-entries.ts";
import { MIRROR_SCOPES } from "./mirror-scope.ts";
import { nodeFilesOf, readNodeRules, resolveAsNode } from "./resolve-as-node.ts";
import { buildClusterResources } from "./resources.ts";

const HEX = "a".repeat(64);

function references(text: string, conf: string): string[] {
  return resolveAsNode(text, readNodeRules({ registriesConf: [conf] })).map((candidate) => candidate.reference);
}

describe("registries.conf as a node reads it", () => {
  const conf = `
[[registry]]
prefix = "quay.io/org"
location = "quay.io/org"
[[registry.mirror]]
location = "m.test/one"
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "m.test/two"
pull-from-mirror = "tag-only"
insecure = true
[[registry.mirror]]
location = "m.test/all"

[[registry]]
location = "quay.io/org/app"
blocked = true
[[registry.mirror]]
location = "m.test/app"

[[registry]]
prefix = "*.example.com"
[[registry.mirror]]
location = "m.test/example"

[[registry]]
prefix = "old.io/x"
location = "new.io/y"
`;

  test("digest and tag mirrors, then the source", () => {
    expect(references(`quay.io/org/tool@sha256:${HEX}`, conf)).toEqual([
      `m.test/one/tool@sha256:${HEX}`,
      `m.test/all/tool@sha256:${HEX}`,
      `quay.io/org/tool@sha256:${HEX}`,
    ]);
    expect(references("quay.io/org/tool:v1", conf)).toEqual(["m.test/two/tool:v1", "m.test/all/tool:v1", "quay.io/org/tool:v1"]);
  });

  test("a reference with both goes by its digest", () => {
    expect(references(`quay.io/org/tool:v1@sha256:${HEX}`, conf)[0]).toBe(`m.test/one/tool@sha256:${HEX}`);
  });

  test("the longest prefix alone counts, and a blocked source keeps its mirrors", () => {
    const found = resolveAsNode("quay.io/org/app:v1", readNodeRules({ registriesConf: [conf] }));
    expect(found).toMatchObject([
      { reference: "m.test/app:v1", from: "mirror", blocked: false, rule: "quay.io/org/app" },
      { reference: "quay.io/org/app:v1", from: "source", blocked: true },
    ]);
    expect(references("quay.io/org/apple:v1", conf)).toContain("m.test/all/apple:v1");
    expect(references("quay.io/organisation/x:v1", conf)).toEqual(["quay.io/organisation/x:v1"]);
  });

  test("wildcards, rewritten locations, Docker Hub's short names", () => {
    expect(references("a.b.example.com/x/y:1", conf)).toEqual(["m.test/example/x/y:1", "a.b.example.com/x/y:1"]);
    expect(references("example.com/x:1", conf)).toEqual(["example.com/x:1"]);
    expect(references("old.io/x/z:1", conf)).toEqual(["new.io/y/z:1"]);
    expect(references("nginx", conf)).toEqual(["docker.io/library/nginx:latest"]);
  });

  test.each([
    "registry = 1",
    "[[registry]]\ninsecure = true\n",
    "a = [",
    '[[registry]]\nlocation="a.b"\n[[registry.mirror]]\n',
    '[[registry]]\nlocation="a.b"\n[[registry.mirror]]\nlocation="c"\npull-from-mirror="x"\n',
  ])("%j is refused", (text) => {
    let code: string | undefined;
    try {
      readNodeRules({ registriesConf: [text] });
    } catch (error) {
      code = isOciError(error) ? error.code : undefined;
    }
    expect(code).toBe("CONFIG_INVALID");
  });
});

test("mirror objects of several sets are put together", () => {
  const set = (mirror: string, more = "") =>
    `kind: ImageDigestMirrorSet\nspec: {imageDigestMirrors: [{source: quay.io/a, mirrors: [${mirror}]${more}}]}\n---\nkind: Other\n`;
  const rules = readNodeRules({ mirrorSets: [set("m.test/1"), set("m.test/2", ", mirrorSourcePolicy: NeverContactSource")] });
  expect(resolveAsNode(`quay.io/a/b@sha256:${HEX}`, rules)).toMatchObject([
    { reference: `m.test/1/b@sha256:${HEX}` },
    { reference: `m.test/2/b@sha256:${HEX}` },
    { blocked: true },
  ]);
  expect(resolveAsNode("quay.io/a/b:tag", rules)).toHaveLength(1);
});

const component = fc.stringMatching(/^[a-z][a-z0-9]{0,3}(?:[-._][a-z0-9]{1,3})?$/);
const path = fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
const image = fc.record({
  host: fc.constantFrom("quay.io", "registry.redhat.io", "localhost:5000", "docker.io"),
  path,
  digest: fc.boolean(),
  renamed: fc.option(path, { nil: undefined, freq: 4 }),
  tag: fc.stringMatching(/^[a-z0-9]{1,4}$/),
});

test("every mirrored image is found at its place, through objects and through registries.conf, in every scope", () => {
  fc.assert(
    fc.property(fc.array(image, { minLength: 1, maxLength: 12 }), fc.constantFrom(...MIRROR_SCOPES), (images, scope) => {
      const mirrored = images.map((item) => {
        const source = item.host === "docker.io" && !item.path.includes("/") ? `library/${item.path}` : item.path;
        const name = `${item.host}/${source}`;
        return {
          origin: item.digest ? `${name}@sha256:${HEX}` : `${name}:${item.tag}`,
          kind: "related",
          destination: { repository: item.renamed ?? source, tag: item.digest ? `img-${HEX}` : item.tag },
        };
      });
      const { entries } = mirrorEntriesOf(mirrored, "mirror.test:8443/ocp");
      const request = { imageSet: "x", mirrors: entries, catalogs: [], scope };
      const objects = buildClusterResources({ ...request, profile: { flavour: "openshift", version: "4.20" } }).files;
      const conf = buildClusterResources({ ...request, profile: { flavour: "microshift", version: "4.20" } }).files;
      for (const rules of [readNodeRules(nodeFilesOf(objects)), readNodeRules(nodeFilesOf(conf))]) {
        for (const item of mirrored) {
          const [, name] = /([:@][^:@/]+(?::[0-9a-f]{64})?)$/.exec(item.origin) ?? [];
          const wanted = `mirror.test:8443/ocp/${item.destination.repository}${name}`;
          expect(resolveAsNode(item.origin, rules).map((candidate) => candidate.reference)).toContain(wanted);
        }
      }
    }),
    { numRuns: 150 },
  );
});
