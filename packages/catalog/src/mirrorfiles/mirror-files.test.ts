import { readdirSync, readFileSync } from "node:fs";
import { parseReference, type Reference } from "@skerry/oci";
import { loadAll } from "js-yaml";
import { describe, expect, it } from "vitest";
import { sharedPath } from "../../../../tests/shared-data.ts";
import { mirrorManifests } from "./mirror-manifests.ts";
import { mappingText, mirrorMappings } from "./mirror-mapping.ts";

const golden = sharedPath("golden", "oc", "catalog-mirror");

interface Recorded {
  readonly steps: readonly { readonly command: string }[];
  readonly manifests?: Readonly<Record<string, readonly unknown[]>>;
}

/** Recorded runs that wrote a mapping of a catalog; those of two steps through a folder hold the second's. */
function recorded(): readonly (readonly [string, Recorded])[] {
  if (golden === undefined) return [];
  const all = readdirSync(golden)
    .filter((name) => name.endsWith(".json"))
    .map((name) => [name, JSON.parse(readFileSync(`${golden}/${name}`, "utf8")) as Recorded] as const);
  return all.filter(([, run]) => run.steps.length === 1 && lines(run).length > 0);
}

function file(run: Recorded, name: string): readonly unknown[] {
  return Object.entries(run.manifests ?? {}).find(([path]) => path.endsWith(name))?.[1] ?? [];
}

function lines(run: Recorded): readonly string[] {
  return file(run, "mapping.txt") as readonly string[];
}

/** Sources of a recorded mapping. The tag of a source by tag and digest is not written there, but becomes that of its mirror. */
function sources(run: Recorded): readonly Reference[] {
  return lines(run).map((line) => {
    const equals = line.lastIndexOf("=");
    const source = parseReference(line.slice(0, equals));
    const tag = line.slice(line.lastIndexOf(":") + 1);
    return source.digest === undefined || /^[0-9a-f]{5,8}$/.test(tag) ? source : { ...source, tag };
  });
}

describe.skipIf(golden === undefined)("oc adm catalog mirror (data/golden/oc/catalog-mirror)", () => {
  it("has runs to compare with", () => {
    expect(recorded().length).toBeGreaterThan(20);
  });

  it.each(recorded())("%s", (_, run) => {
    const command = run.steps[0]?.command ?? "";
    const [from = "", destination = ""] = command
      .split(" ")
      .slice(4)
      .filter((word) => !/^['$-]/.test(word));
    const all = sources(run);
    const wanted = parseReference(from);
    const catalog = all.find((source) => source.registry === wanted.registry && source.repository === wanted.repository);
    if (catalog === undefined) throw new Error(`${from} is not in its own mapping`);
    const maxComponents = /--max-components=(\d)/.exec(command)?.[1];
    const mappings = mirrorMappings({
      catalog,
      images: all.filter((source) => source !== catalog),
      destination,
      maxComponents: maxComponents === undefined ? undefined : Number(maxComponents),
    });
    expect(mappingText(mappings).trimEnd().split("\n")).toEqual([...lines(run)].sort());
    const written = mirrorManifests({ catalog, mappings, digestMirrorSet: true });
    const objects = (name: string): unknown =>
      loadAll(written.files.find((one) => one.name === name)?.text ?? "").filter((one) => one !== undefined && one !== null);
    expect(objects("imageContentSourcePolicy.yaml")).toEqual(file(run, "imageContentSourcePolicy.yaml"));
    const expected = file(run, "catalogSource.yaml") as { spec: unknown }[];
    expect((objects("catalogSource.yaml") as { spec: unknown }[]).map((one) => one.spec)).toEqual(expected.map((one) => one.spec));
    if (!/--(max-idms-size|idms-scope|icsp-scope)/.test(command))
      expect(objects("imageDigestMirrorSet.yaml")).toEqual(file(run, "imageDigestMirrorSet.yaml"));
  });
});

describe("mirrorManifests", () => {
  const catalog = parseReference("registry.redhat.io/redhat/redhat-operator-index:v4.14");
  const digest = `sha256:${"a1".repeat(32)}`;
  const images = [`quay.io/org/one@${digest}`, `quay.io/org/two@${digest}`, "quay.io/org/three:1"].map((text) => parseReference(text));

  it("names folder and objects so that a cluster accepts them", () => {
    const written = mirrorManifests({ catalog, mappings: mirrorMappings({ catalog, images, destination: "mirror.test:5000/ocp" }) });
    expect(written.directory).toBe("redhat-operator-index-manifests");
    expect(written.files.map((one) => one.name)).toEqual(["catalogSource.yaml", "imageContentSourcePolicy.yaml", "mapping.txt"]);
    expect(loadAll(written.files[0]?.text ?? "")).toMatchObject([
      { metadata: { name: "redhat-operator-index" }, spec: { image: "mirror.test:5000/ocp/redhat-redhat-operator-index:v4.14" } },
    ]);
  });

  it("widens entries only where every path is kept", () => {
    const entries = (maxComponents: number, scope: "namespace" | "registry"): unknown => {
      const written = mirrorManifests({
        catalog,
        mappings: mirrorMappings({ catalog, images, destination: "mirror.test/ocp", maxComponents }),
        scope,
      });
      return loadAll(written.files[1]?.text ?? "").flatMap(
        (one) => (one as { spec: { repositoryDigestMirrors: unknown[] } }).spec.repositoryDigestMirrors,
      );
    };
    expect(entries(0, "registry")).toEqual([{ source: "quay.io", mirrors: ["mirror.test/ocp"] }]);
    expect(entries(0, "namespace")).toEqual([{ source: "quay.io/org", mirrors: ["mirror.test/ocp/org"] }]);
    expect(entries(2, "registry")).toEqual([
      { source: "quay.io/org/one", mirrors: ["mirror.test/ocp/org-one"] },
      { source: "quay.io/org/two", mirrors: ["mirror.test/ocp/org-two"] },
    ]);
  });

  it("splits what is too large, refuses one component, and writes no CatalogSource for a folder", () => {
    const mappings = mirrorMappings({ catalog, images, destination: "mirror.test/ocp" });
    expect(loadAll(mirrorManifests({ catalog, mappings, maxBytes: 10 }).files[1]?.text ?? "")).toHaveLength(2);
    expect(() => mirrorMappings({ catalog, images, destination: "mirror.test", maxComponents: 1 })).toThrow(/one component/);
    const folder = mirrorManifests({ catalog, mappings: mirrorMappings({ catalog, images, destination: "file://m" }) });
    expect([folder.files[0]?.text, folder.files[1]?.text]).toEqual(["", ""]);
  });
});
