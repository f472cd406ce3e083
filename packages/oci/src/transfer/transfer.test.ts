import { describe, expect, test } from "vitest";
import { cachedReader } from "../store/cache/cached-reader.ts";
import { memoryManifestCache } from "../store/cache/manifest-cache.ts";
import { CountingStore } from "../testing/counting-store.ts";
import { addImage, addIndex, linux } from "../testing/images.ts";
import { transfer } from "./transfer.ts";
import type { Root } from "./types.ts";

async function world(): Promise<{ source: CountingStore; target: CountingStore; roots: Root[] }> {
  const source = new CountingStore({ name: "source" });
  const target = new CountingStore({ name: "target" });
  const roots: Root[] = [];
  for (const name of ["a", "b", "c"]) {
    const at = { repository: `org/${name}` };
    const descriptor = await addImage(source, at, { layers: ["base1", "base2", name], tags: ["v1"] });
    roots.push({ id: name, source, from: at, descriptor, to: { repository: `mirror/${name}` }, tags: ["v1"], referrers: "none" });
  }
  const at = { repository: "org/multi" };
  const children = await Promise.all(
    ["amd64", "arm64"].map((arch) => addImage(source, at, { layers: ["base1", `multi-${arch}`], platform: linux(arch) })),
  );
  const descriptor = await addIndex(source, at, { manifests: children, tags: ["v1"] });
  roots.push({ id: "multi", source, from: at, descriptor, to: { repository: "mirror/multi" }, tags: ["v1"], referrers: "none" });
  source.reset();
  return { source, target, roots };
}

describe("requests on a fixed graph with shared layers", () => {
  test("cold: each blob is read once, uploaded once, mounted elsewhere", async () => {
    const { source, target, roots } = await world();
    const report = await transfer(roots, target);
    expect(report.outcomes.map(({ outcome }) => outcome)).toEqual(["copied", "copied", "copied", "copied"]);
    // Manifests 3 + 1 index + 2 children; blobs: base1, base2, three own layers, three configs, two layers, two configs.
    expect(source.counts).toEqual({ GET: 6 + 12 });
    // One HEAD per root, one list per repository; 12 uploads of two requests, base1 three and base2 two times mounted; 6 manifests.
    expect(target.counts).toEqual({ HEAD: 4, GET: 4, POST: 12 + 5, PUT: 12 + 6 });
    expect(report.moved).toMatchObject({ blobs: 12, mountedBlobs: 5, manifests: 6 });
  });

  test("again: one HEAD per root, children of an index looked at", async () => {
    const { source, target, roots } = await world();
    const reader = cachedReader(source, memoryManifestCache());
    const cached = roots.map((root) => ({ ...root, source: reader }));
    await transfer(cached, target);
    source.reset();
    target.reset();
    const report = await transfer(cached, target);
    expect(report.outcomes.every(({ outcome }) => outcome === "present")).toBe(true);
    expect(source.counts).toEqual({});
    expect(target.counts).toEqual({ HEAD: 4 + 2 });
  });
});
