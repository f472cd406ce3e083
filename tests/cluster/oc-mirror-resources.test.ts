import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildClusterResources, type CatalogEntry, type MirroredImage, mirrorEntriesOf } from "@skerry/cluster";
import { parseDigest } from "@skerry/oci";
import { load } from "js-yaml";
import { describe, expect, test } from "vitest";
import { sharedPath } from "../shared-data.ts";

const golden = sharedPath("golden", "oc-mirror");
const DIGEST = parseDigest(`sha256:${"c".repeat(64)}`);

interface Case {
  readonly id: string;
  readonly destination?: string;
  readonly mapping?: readonly string[];
  readonly resources?: Readonly<Record<string, readonly ResourceObject[]>>;
}

interface ResourceObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

interface Rule {
  readonly source: string;
  readonly mirrors: readonly string[];
}

/** Cases whose rules differ from ours, each with its reason. */
const DIFFERENT: Readonly<Record<string, string>> = {
  "add-oci": "a layout on disk is no source that a pod can name",
  "add-short": "names without a registry are Docker Hub's and keep their namespace at the mirror",
  "add-space": "white space around a name is refused",
  "add-target": "an image that gets another tag is out of reach of tag rules, so it makes none",
  "add-upper": "upper-case repositories are refused",
  "target-catalog-full": "names without a registry are Docker Hub's",
  "whole-full-14": "names without a registry are Docker Hub's",
  "whole-full-20": "index.docker.io is another spelling of docker.io, which is what nodes look up",
  "nest-1": "the destination there has an empty component",
};

function cases(): Case[] {
  if (golden === undefined) return [];
  const folder = join(golden, "selection");
  return readdirSync(folder)
    .map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as Case)
    .filter((item) => item.resources !== undefined);
}

/** `docker://SOURCE=docker://MIRROR` lines as images; the tool's own cache stands for the catalog. */
function imagesOf(item: Case, target: string): MirroredImage[] {
  return (item.mapping ?? []).flatMap((line) => {
    const [origin = "", mirror = ""] = line.split("=docker://");
    if (!mirror.startsWith(`${target}/`)) return [];
    const at = mirror.lastIndexOf(":");
    const destination = { repository: mirror.slice(target.length + 1, at), tag: mirror.slice(at + 1) };
    const isCatalog = /localhost:55000|community-operator-index/.test(origin);
    const image = { origin, kind: isCatalog ? "catalog" : "related", destination };
    // oc mirror also writes a tag rule for references with tag and digest. Nodes pull these by digest, so we do not:
    // a tag rule drains every node. Here the tag is put in as an image of its own.
    const hasBoth = origin.includes("@") && !/^sha256-/.test(destination.tag);
    return hasBoth ? [image, { ...image, origin: origin.replace(/@.*$/, `:${destination.tag}`) }] : [image];
  });
}

function rulesOf(objects: readonly ResourceObject[], kind: string, list: string): Rule[] {
  const rules = new Map<string, Set<string>>();
  for (const object of objects.filter((candidate) => candidate.kind === kind)) {
    for (const rule of (object.spec[list] ?? []) as Rule[]) {
      const mirrors = rules.get(rule.source) ?? new Set();
      for (const mirror of rule.mirrors) mirrors.add(mirror);
      rules.set(rule.source, mirrors);
    }
  }
  return [...rules].map(([source, mirrors]) => ({ source, mirrors: [...mirrors].sort() })).sort((a, b) => (a.source < b.source ? -1 : 1));
}

describe.skipIf(golden === undefined)("mirror rules of namespace scope are those of oc mirror (../shared/data/golden/oc-mirror)", () => {
  test.each(
    cases()
      .filter((item) => !(item.id in DIFFERENT))
      .map((item) => [item.id, item] as const),
  )("%s", (_id, item) => {
    const target = (item.destination ?? "docker://mirror.test/m").replace(/^docker:\/\//, "").replace(/\/$/, "");
    const expected = Object.values(item.resources ?? {}).flat();
    const built = buildClusterResources({
      profile: { flavour: "openshift", version: "4.20" },
      imageSet: "x",
      mirrors: mirrorEntriesOf(imagesOf(item, target), target).entries,
      catalogs: [],
      scope: "namespace",
    });
    const ours = built.files.map((file) => load(file.text) as ResourceObject);
    const same = (kind: string, list: string) => expect(rulesOf(ours, kind, list)).toEqual(rulesOf(expected, kind, list));
    same("ImageDigestMirrorSet", "imageDigestMirrors");
    same("ImageTagMirrorSet", "imageTagMirrors");
  });
});

describe.skipIf(golden === undefined)("names of catalogs are those of oc mirror", () => {
  const named = cases().flatMap((item) =>
    Object.values(item.resources ?? {})
      .flat()
      .filter((object) => object.kind === "CatalogSource" || object.kind === "ClusterCatalog")
      .map((object) => [item.id, object] as const),
  );
  test.each(named)("%s", (_id, object) => {
    const source = (object.spec["source"] ?? {}) as { image?: { ref?: string } };
    const image = String(object.spec["image"] ?? source.image?.ref);
    const at = image.lastIndexOf(":");
    const entry: CatalogEntry = {
      catalog: "x",
      repository: image.slice(0, at),
      tag: image.slice(at + 1),
      digest: DIGEST,
      bytes: 0,
      serving: "image",
    };
    const built = buildClusterResources({
      profile: { flavour: "openshift", version: "4.20" },
      imageSet: "x",
      mirrors: [],
      catalogs: [entry],
    });
    const names = object.kind === "CatalogSource" ? built.catalogSources : built.clusterCatalogs;
    expect(names.map(({ name }) => name)).toEqual([object.metadata.name]);
  });
});
