import { describe, expect, test } from "vitest";
import { mirrorEntriesOf } from "./mirror-entries.ts";
import { scopeRules } from "./mirror-scope.ts";

const TARGET = "mirror.test/m";

function pair(source: string, mirror: string): { source: string; mirror: string } {
  return { source, mirror: `${TARGET}/${mirror}` };
}

describe("scopes", () => {
  const pairs = [
    pair("quay.io/org/app", "org/app"),
    pair("quay.io/org/tool", "org/tool"),
    pair("quay.io/org/renamed", "other/place"),
    pair("quay.io/team/x", "team/x"),
    pair("quay.io/solo", "solo"),
  ];

  test("repository", () => {
    expect(scopeRules(pairs, "repository")).toHaveLength(5);
  });

  test("namespace: what was renamed keeps a rule of its own, a single component stands for its registry", () => {
    expect(scopeRules(pairs, "namespace")).toEqual([
      { source: "quay.io", mirrors: [TARGET] },
      { source: "quay.io/org", mirrors: [`${TARGET}/org`] },
      { source: "quay.io/org/renamed", mirrors: [`${TARGET}/other/place`] },
      { source: "quay.io/team", mirrors: [`${TARGET}/team`] },
    ]);
  });

  test("registry", () => {
    expect(scopeRules(pairs, "registry")).toEqual([
      { source: "quay.io", mirrors: [TARGET] },
      { source: "quay.io/org/renamed", mirrors: [`${TARGET}/other/place`] },
    ]);
  });

  test("a repository at two places keeps both, in a rule of its own", () => {
    const rules = scopeRules([...pairs, pair("quay.io/org/app", "zwei/app")], "namespace");
    expect(rules.find((rule) => rule.source === "quay.io/org/app")?.mirrors).toEqual([`${TARGET}/org/app`, `${TARGET}/zwei/app`]);
  });

  test("where two mirrors compete for a namespace, the one with more repositories gets it", () => {
    const rules = scopeRules([pair("q.io/o/a", "x/a"), pair("q.io/o/b", "y/b"), pair("q.io/o/c", "y/c")], "namespace");
    expect(rules).toEqual([
      { source: "q.io/o", mirrors: [`${TARGET}/y`] },
      { source: "q.io/o/a", mirrors: [`${TARGET}/x/a`] },
    ]);
  });
});

describe("entries of mirrored images", () => {
  const hex = "a".repeat(64);

  test("by digest, by tag, both, and the catalog apart", () => {
    const { entries, problems } = mirrorEntriesOf(
      [
        { origin: `quay.io/org/app@sha256:${hex}`, kind: "related", destination: { repository: "org/app", tag: `img-${hex}` } },
        { origin: "quay.io/org/app:v1", kind: "bundle", destination: { repository: "org/app", tag: "v1" } },
        { origin: `quay.io/org/both:v1@sha256:${hex}`, kind: "related", destination: { repository: "org/both", tag: "v1" } },
        { origin: "docker://nginx:1", kind: "additional", destination: { repository: "library/nginx", tag: "1" } },
        { origin: "oci:/srv/layout", kind: "additional", destination: { repository: "layout", tag: "latest" } },
        { origin: "r.io/x/index:v1", kind: "catalog", destination: { repository: "x/index", tag: "v1" } },
      ],
      `${TARGET}/`,
    );
    expect(problems).toEqual([]);
    expect(entries).toEqual([
      { source: "docker.io/library/nginx", mirror: `${TARGET}/library/nginx`, byDigest: false, byTag: true },
      { source: "quay.io/org/app", mirror: `${TARGET}/org/app`, byDigest: true, byTag: true },
      { source: "quay.io/org/both", mirror: `${TARGET}/org/both`, byDigest: true, byTag: false },
      { source: "r.io/x/index", mirror: `${TARGET}/x/index`, byDigest: false, byTag: true, isCatalog: true },
    ]);
  });

  test("a tag that is another one at the mirror is out of reach, and said so", () => {
    const { entries, problems } = mirrorEntriesOf(
      [{ origin: "quay.io/org/app:v2", kind: "additional", destination: { repository: "org/app", tag: "zwei" } }],
      TARGET,
    );
    expect(entries).toMatchObject([{ byDigest: false, byTag: false }]);
    expect(problems).toMatchObject([{ code: "TAG_UNREACHABLE", subject: "quay.io/org/app:v2" }]);
  });
});
