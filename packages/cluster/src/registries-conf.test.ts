import { parse } from "smol-toml";
import { expect, test } from "vitest";
import { buildRegistriesConf } from "./registries-conf.ts";

const entries = [
  { source: "quay.io/b/both", mirror: "m.test:5000/b/both", byDigest: true, byTag: true },
  { source: "quay.io/a/digest", mirror: "m.test:5000/a/digest", byDigest: true, byTag: false },
  { source: "quay.io/c/tag", mirror: "m.test:5000/c/tag", byDigest: false, byTag: true },
  { source: "r.io/x/index", mirror: "m.test:5000/x/index", byDigest: true, byTag: true, isCatalog: true },
  { source: "m.test:5000/own", mirror: "m.test:5000/own", byDigest: true, byTag: false },
];

test("one block per source, in order, with the pulls that each mirror serves", () => {
  const file = buildRegistriesConf({ imageSet: "Edge 7", entries, scope: "repository", insecureHosts: ["m.test:5000", "other"] });
  expect(file.name).toBe("999-skerry-edge-7.conf");
  expect(parse(file.text)["registry"]).toEqual([
    {
      prefix: "quay.io/a/digest",
      location: "quay.io/a/digest",
      mirror: [{ location: "m.test:5000/a/digest", "pull-from-mirror": "digest-only", insecure: true }],
    },
    { prefix: "quay.io/b/both", location: "quay.io/b/both", mirror: [{ location: "m.test:5000/b/both", insecure: true }] },
    {
      prefix: "quay.io/c/tag",
      location: "quay.io/c/tag",
      mirror: [{ location: "m.test:5000/c/tag", "pull-from-mirror": "tag-only", insecure: true }],
    },
    { prefix: "m.test:5000", location: "m.test:5000", insecure: true },
  ]);
});

test("sources can be blocked; nothing to say is an empty file", () => {
  const blocked = buildRegistriesConf({ imageSet: "x", entries, scope: "registry", blockSources: true });
  expect(parse(blocked.text)["registry"]).toMatchObject([{ prefix: "quay.io", blocked: true, mirror: [{ location: "m.test:5000" }] }]);
  expect(buildRegistriesConf({ imageSet: "x", entries: [], scope: "repository" }).text).toBe("");
});
