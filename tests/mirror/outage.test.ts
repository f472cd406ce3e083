import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CATALOG, imageSet, type Json, type MirrorWorld, mirrorWorld } from "./world.ts";

const EXTRA = "  additionalImages:\n    - name: quay.isle.example/shared/toolbox:1.4\n";

async function lockOf(world: MirrorWorld): Promise<Json> {
  return JSON.parse(await readFile(join(world.dir, "skerry-set", "imageset.lock"), "utf8"));
}

async function resources(world: MirrorWorld): Promise<Map<string, string>> {
  const dir = join(world.dir, "skerry-set", "cluster-resources");
  const names = (await readdir(dir)).sort();
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(dir, name), "utf8")] as const)));
}

describe("a catalog whose registry is out of order", () => {
  it("stays in the set as the last lock knows it, while the rest goes on", async () => {
    await using world = await mirrorWorld();
    const target = `docker://${world.target.host}/isle`;
    const before = await world.config(imageSet("- name: beacon-operator\n- name: reef-database"));
    expect((await world.json("mirror", "-c", before, "--name", "set", target)).code).toBe(3);
    const first = { lock: await lockOf(world), resources: await resources(world) };
    const after = await world.config(imageSet("- name: beacon-operator\n- name: reef-database\n- name: lantern-metrics", EXTRA));
    world.source.interfere(({ url }) => (url.includes("/catalogs/operator-index/") ? { status: 401, code: "UNAUTHORIZED" } : undefined));
    // Twice: what was carried over once is carried over again.
    for (const turn of [1, 2]) {
      const { code, result } = await world.json("mirror", "-c", after, "--name", "set", target);
      expect({ turn, code, result: result.result }).toEqual({ turn, code: 3, result: "partial" });
      const row = result.problems.find((problem: Json) => problem.code === "CATALOG_UNREADABLE");
      expect(row).toMatchObject({ subject: CATALOG, action: "kept", severity: "error" });
      expect(result.problems.map((problem: Json) => problem.code)).toContain("REF_EMPTY");
      const lock = await lockOf(world);
      expect(lock.catalogs).toEqual(first.lock.catalogs);
      const origins = lock.images.map((image: Json) => image.origin);
      expect(origins).toEqual(expect.arrayContaining(first.lock.images.map((image: Json) => image.origin)));
      expect(origins).toContain("quay.isle.example/shared/toolbox:1.4");
      expect(origins).toHaveLength(first.lock.images.length + 1);
      for (const [name, text] of first.resources) expect([name, (await resources(world)).get(name)]).toEqual([name, text]);
    }
    expect((await world.json("verify", target)).code).toBe(0);
    // In order again, the same command brings what is new.
    world.source.interfere(undefined);
    const mended = await world.json("mirror", "-c", after, "--name", "set", target);
    expect(mended.result.problems.map((problem: Json) => problem.code)).not.toContain("CATALOG_UNREADABLE");
    expect((await lockOf(world)).catalogs[0].packages.map((pkg: Json) => pkg.name)).toContain("lantern-metrics");
  });

  it("goes when the configuration no longer names it", async () => {
    await using world = await mirrorWorld();
    const target = `docker://${world.target.host}/isle`;
    const before = await world.config(imageSet("- name: beacon-operator", EXTRA));
    expect((await world.json("mirror", "-c", before, "--name", "set", target)).code).toBe(0);
    const after = await world.config(`apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\nmirror:\n${EXTRA}`);
    expect((await world.json("mirror", "-c", after, "--name", "set", target)).code).toBe(0);
    expect((await lockOf(world)).images.map((image: Json) => image.origin)).toEqual(["quay.isle.example/shared/toolbox:1.4"]);
  });
});
