import { describe, expect, it } from "vitest";
import { convertImageSetConfig } from "./convert.ts";
import { parseImageSetConfig } from "./parse.ts";

const OLD = `# ours
kind: ImageSetConfiguration
apiVersion: mirror.openshift.io/v1alpha2
storageConfig: {local: {path: ./state}}
archiveSize: 4
mirror:
  operators:
    # the index
    - catalog: registry.redhat.io/redhat/redhat-operator-index:v4.14
      targetName: my-index
      originalRef: x
      packages:
        - name: etcd # kept
          minBundle: etcdoperator.v0.9.4-1
        - name: logging
          channels:
            - name: stable
              minBundle: nameless
  additionalImages:
    - name: quay.io/org/app:v1
`;

describe("from the first format to the second", () => {
  const { text, notes, from } = convertImageSetConfig(OLD, { path: "x", to: "v2alpha1", plain: false });

  it("reads as what it was, comments kept", () => {
    const config = parseImageSetConfig(text, { path: "x" });
    expect(from).toBe("mirror.openshift.io/v1alpha2");
    expect(config.operators[0]).toMatchObject({
      targetCatalog: "redhat/my-index",
      selection: {
        packages: [
          { name: "etcd", minVersion: "0.9.4-1" },
          { name: "logging", channels: [{ name: "stable" }] },
        ],
      },
    });
    expect(config.additionalImages).toHaveLength(1);
    for (const comment of ["# ours", "# the index", "# kept"]) expect(text).toContain(comment);
  });

  it("says what became of each key that is gone", () => {
    expect(notes.map((note) => /storageConfig|targetName|originalRef|minBundle \S+/.exec(note)?.[0])).toEqual([
      "storageConfig",
      "targetName",
      "originalRef",
      "minBundle etcdoperator.v0.9.4-1",
      "minBundle nameless",
    ]);
  });

  it("turns the words of the oldest format", () => {
    const oldest = OLD.replace("v1alpha2", "v1alpha1")
      .replace("originalRef: x", "headsOnly: false\n      skipDeps: true")
      .replace("minBundle: nameless", "startingVersion: 1.2.3");
    const config = parseImageSetConfig(
      convertImageSetConfig(oldest.replace(/ +minBundle.*\n/, "").replace(/ +startingVersion.*\n/, ""), {
        path: "x",
        to: "v2alpha1",
        plain: false,
      }).text,
      { path: "x" },
    );
    expect(config.operators[0]).toMatchObject({ skipDependencies: true, selection: { full: true } });
    expect(convertImageSetConfig(oldest, { path: "x", to: "v2alpha1", plain: false }).text).toContain("minVersion: 1.2.3");
  });
});

const NEW = `apiVersion: mirror.openshift.io/v2alpha1
kind: ImageSetConfiguration
mirror:
  operators:
    - catalog: registry.redhat.io/redhat/redhat-operator-index:v4.20
      platforms: [{os: linux, architecture: arm64, variant: v8}]
  additionalImages:
    - {name: "quay.io/org/app:v1", targetRepo: a/b, targetTag: c}
skerry: {name: edge}
`;

it("leaves out what only Skerry reads", () => {
  const { text, notes } = convertImageSetConfig(NEW, { path: "x", to: "v2alpha1", plain: true });
  expect(text).not.toMatch(/skerry|variant/);
  expect(text).toContain("targetRepo");
  expect(notes).toHaveLength(2);
  expect(convertImageSetConfig(NEW, { path: "x", to: "v2alpha1", plain: false }).notes).toEqual([]);
});

it("writes the first format without what it does not know", () => {
  const { text, notes } = convertImageSetConfig(NEW, { path: "x", to: "v1alpha2", plain: false });
  expect(text).toContain("apiVersion: mirror.openshift.io/v1alpha2");
  expect(text).not.toMatch(/skerry|platforms|targetRepo|targetTag/);
  expect(notes).toHaveLength(4);
});

it.each([
  ["kind: Something\napiVersion: mirror.openshift.io/v1alpha2\n"],
  ["kind: ImageSetConfiguration\napiVersion: v9\n"],
  ["- a\n"],
  [""],
  ["a: [\n"],
  [OLD.replace("archiveSize: 4", "archiveSize: 4\narchiveSize: 5")],
])("refuses %j", (text) => {
  expect(() => convertImageSetConfig(text, { path: "x", to: "v2alpha1", plain: false })).toThrow(/Cannot use x/);
});
