import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CATALOG, imageSet, type Json, type MirrorWorld, mirrorWorld } from "./world.ts";

describe("an image set whose catalog is a database image", () => {
  let world: MirrorWorld;
  let source: string;
  let target: string;

  beforeAll(async () => {
    world = await mirrorWorld();
    source = `${world.target.host}/old/database-index:v1`;
    target = `docker://${world.target.host}/isle`;
    const base = "quay.isle.example/shared/toolbox:1.4";
    const built = await world.json("catalog", "build", `docker://${CATALOG}`, "--format", "sqlite", "--from", base, "--to", source);
    expect(built.code).toBe(0);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  function config(catalog: string, packages = "- name: beacon-operator"): Promise<string> {
    return world.config(imageSet(packages).replace(CATALOG, catalog));
  }

  async function mirrored(
    version: string,
    name: string,
  ): Promise<{ code: number; result: Json; lock: Json; resource: string; stderr: string }> {
    const set = await config(source);
    const { code, result, stderr } = await world.json("mirror", "-c", set, "--name", name, "--cluster-version", version, target);
    const lock = JSON.parse(await readFile(join(world.dir, `skerry-${name}`, "imageset.lock"), "utf8"));
    const resources = join(world.dir, `skerry-${name}`, "cluster-resources");
    const resource = await readFile(join(resources, "cs-database-index-v1.yaml"), "utf8");
    return { code, result, lock, resource, stderr };
  }

  async function packagesAt(repository: string): Promise<readonly string[]> {
    const { result } = await world.json("catalog", "list", `docker://${world.target.host}/isle/${repository}:v1`);
    return result.packages.map((row: Json) => row.name ?? row.package);
  }

  it("stays a database over its own server for clusters up to 4.10", async () => {
    const { code, result, lock, resource } = await mirrored("4.10", "old");
    expect({ code, result: result.result }).toEqual({ code: 0, result: "done" });
    expect(lock.catalogs[0].mode).toBe("database");
    expect(resource).not.toContain("extractContent");
    expect(resource).toContain(lock.catalogs[0].targetDigest);
    expect(await packagesAt("old/database-index")).toEqual(["beacon-operator"]);
    expect((await world.json("verify", target)).code).toBe(0);
  });

  it("becomes an image of files that newer clusters extract", async () => {
    const { code, lock, resource } = await mirrored("4.20", "new");
    expect(code).toBe(0);
    expect(lock.catalogs[0].mode).toBe("scratch");
    expect(resource).toContain("extractContent");
    expect(await packagesAt("old/database-index")).toEqual(["beacon-operator"]);
  });

  it.each(["4.11", "4.14"])("is refused for %s, which reads files and extracts none", async (version) => {
    const set = await config(source);
    world.target.reset();
    const { code, stderr } = await world.run("mirror", "-c", set, "--name", "middle", "--cluster-version", version, target);
    expect(code).toBe(2);
    expect(stderr).toContain(`openshift ${version}`);
    expect(world.target.methods()["PUT"] ?? 0).toBe(0);
    expect(world.target.methods()["POST"] ?? 0).toBe(0);
  });

  it("is the only kind that a cluster up to 4.10 can be given", async () => {
    const set = await config(CATALOG);
    world.target.reset();
    const { code, stderr } = await world.run("mirror", "-c", set, "--name", "files", "--cluster-version", "4.10", target);
    expect(code).toBe(2);
    expect(stderr).toContain("4.11");
    expect(world.target.methods()["POST"] ?? 0).toBe(0);
  });

  it("asks no registry when no kind of catalog could be served as wanted", async () => {
    const set = await config(source);
    world.target.reset();
    const args = ["mirror", "-c", set, "--name", "never", "--cluster-version", "4.10", "--catalog-serving", "extract", target];
    expect((await world.run(...args)).code).toBe(2);
    expect(world.target.methods()).toEqual({});
  });
});
