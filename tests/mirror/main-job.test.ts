import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { imageSet, type Json, type MirrorWorld, mirrorWorld } from "./world.ts";

const WHOLE = "- name: beacon-operator\n- name: buoy-operator\n- name: lantern-metrics";

async function files(dir: string, skip: (path: string) => boolean): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !skip(path)) found.set(path, await readFile(path, "base64"));
  }
  return found;
}

describe("the main job", () => {
  let world: MirrorWorld;
  let config: string;
  let target: string;
  let first: Json;

  beforeAll(async () => {
    world = await mirrorWorld();
    config = await world.config(imageSet(WHOLE, "  additionalImages:\n    - name: quay.isle.example/shared/toolbox:1.4\n"));
    target = `docker://${world.target.host}/isle`;
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it("plans without writing to the target", async () => {
    const { code, result } = await world.json("plan", "-c", config, "--name", "job", target);
    expect(code).toBe(0);
    expect(result.kind).toBe("Plan");
    expect(result.images.length).toBe(result.totals.images);
    expect(result.images.every((image: Json) => image.present === false)).toBe(true);
    expect(result.totals.moveBytes).toBe(result.totals.uniqueBytes);
    expect(Object.keys(world.target.methods()).filter((method) => method !== "HEAD" && method !== "GET")).toEqual([]);
  });

  it("mirrors everything, fetching each manifest of the source once and each blob once", async () => {
    world.source.reset();
    const { code, result } = await world.json("mirror", "-c", config, "--name", "job", target);
    first = result;
    expect(code).toBe(0);
    expect(result.result).toBe("done");
    expect(result.images.every((image: Json) => image.outcome === "copied" || image.outcome === "mounted")).toBe(true);
    // What plan read is read again from the workspace: no manifest travels a second time.
    expect(world.source.seen.filter(({ method, url }) => method === "GET" && url.includes("/manifests/"))).toEqual([]);
    const blobs = world.source.seen
      .filter(({ method, url }) => method === "GET" && url.includes("/blobs/"))
      .map(({ url }) => url.split("/blobs/")[1]);
    expect(new Set(blobs).size).toBe(blobs.length);
    expect(blobs.length).toBeGreaterThan(0);
  });

  it("moves each distinct blob exactly once", async () => {
    const plan = JSON.parse(await readFile(join(world.dir, "skerry-job", "plan.json"), "utf8")) as Json;
    expect(first.moved.blobs).toBe(plan.totals.blobs);
    expect(first.moved).toMatchObject({ presentBlobs: 0, presentBytes: 0 });
    expect(plan.totals).toMatchObject({ moveBytes: 0, presentBytes: plan.totals.uniqueBytes });
  });

  it("writes the cluster's resources, objects only", async () => {
    const names = await readdir(join(world.dir, "skerry-job", "cluster-resources"));
    expect(names.sort()).toEqual(["cc-operator-index-v1.yaml", "cs-operator-index-v1.yaml", "idms-job-0.yaml", "itms-job-0.yaml"]);
    const source = await readFile(join(world.dir, "skerry-job", "cluster-resources", "cs-operator-index-v1.yaml"), "utf8");
    expect(source).toContain(`${world.target.host}/isle/catalogs/operator-index@sha256:`);
  });

  it("verifies by the lock that the run kept at the target", async () => {
    const { code, result } = await world.json("verify", "--deep", target);
    expect(result).toMatchObject({ kind: "VerifyReport", result: "ok", missing: [], wrong: [] });
    expect(code).toBe(0);
  });

  it("costs one HEAD per root at the target with --lock, and nothing at the source", async () => {
    world.source.reset();
    world.target.reset();
    const lock = join(world.dir, "skerry-job", "imageset.lock");
    const { code, result } = await world.json("mirror", "--lock", lock, "--name", "job", target);
    expect({ code, result: result.result }).toEqual({ code: 0, result: "nothing-to-do" });
    expect(world.source.methods()).toEqual({});
    expect(world.target.methods()).toEqual({ HEAD: result.images.length });
    expect(result.requests).toEqual({ [world.target.host]: { HEAD: result.images.length } });
  });

  it("costs one HEAD per tag and catalog at the source more without --lock, and changes no file but the report", async () => {
    const quiet = (path: string): boolean => path.endsWith("report.json") || path.includes("/journal/");
    const before = await files(join(world.dir, "skerry-job"), quiet);
    world.source.reset();
    world.target.reset();
    const { code, result } = await world.json("mirror", "-c", config, "--name", "job", target);
    expect({ code, result: result.result }).toEqual({ code: 0, result: "nothing-to-do" });
    const tags = result.images.filter((image: Json) => !image.origin.includes("@")).length;
    expect(world.source.methods()).toEqual({ HEAD: tags });
    expect(world.target.methods()).toEqual({ HEAD: result.images.length });
    expect(await files(join(world.dir, "skerry-job"), quiet)).toEqual(before);
  });

  it("finds a child that was deleted at the target, and mends it with --recheck", async () => {
    const lock = JSON.parse(await readFile(join(world.dir, "skerry-job", "imageset.lock"), "utf8")) as Json;
    const index = lock.images.find((image: Json) => image.children.length > 1 && image.kind !== "catalog");
    const url = `http://${world.mirror.host}/v2/isle/${index.destination.repository}/manifests/${index.children[0].digest}`;
    expect((await fetch(url, { method: "DELETE" })).status).toBe(202);
    const bad = await world.json("verify", target);
    expect(bad.code).toBe(5);
    expect(bad.result.missing.map((row: Json) => row.digest)).toEqual([index.children[0].digest]);
    expect(bad.result.missing[0].images).toContain(index.origin);
    expect((await world.json("mirror", "-c", config, "--name", "job", "--recheck", target)).code).toBe(0);
    expect((await world.json("verify", target)).code).toBe(0);
  });

  it("leaves no temporary file and no owner behind", async () => {
    const names = await readdir(join(world.dir, "skerry-job"), { recursive: true });
    expect(names.filter((name) => /\.(?:tmp|partial|dead)$/.test(name) || name.endsWith(".owner"))).toEqual([]);
  });

  it("refuses a second run in the same workspace by naming the first", async () => {
    const dir = join(world.dir, "skerry-busy");
    await mkdir(dir, { recursive: true });
    const stat = await readFile("/proc/self/stat", "utf8");
    const owner = {
      pid: process.pid,
      host: (await readFile("/proc/sys/kernel/hostname", "utf8")).trim(),
      start: stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19],
      boot: (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim(),
    };
    await writeFile(join(dir, ".owner"), `${JSON.stringify(owner)}\n`);
    const { code, stderr } = await world.run("plan", "-c", config, "--name", "busy");
    expect(code).toBe(4);
    expect(stderr).toContain(`process ${process.pid}`);
  });
});

describe("sparse, then full", () => {
  it("copies what one platform needs, and every child when all are asked for", async () => {
    await using world = await mirrorWorld();
    const config = await world.config(imageSet("- name: beacon-operator"));
    const target = `docker://${world.target.host}`;
    const sparse = await world.json("mirror", "-c", config, "--name", "s", "--platform", "linux/amd64", target);
    expect(sparse.code).toBe(0);
    const lock = JSON.parse(await readFile(join(world.dir, "skerry-s", "imageset.lock"), "utf8")) as Json;
    const left = lock.images.flatMap((image: Json) =>
      image.children.filter((child: Json) => !child.copied).map((child: Json) => [image, child]),
    );
    expect(left.length).toBeGreaterThan(0);
    const ask = (image: Json, child: Json): Promise<number> =>
      fetch(`http://${world.mirror.host}/v2/${image.destination.repository}/manifests/${child.digest}`, { method: "HEAD" }).then(
        (answer) => answer.status,
      );
    for (const [image, child] of left) expect(await ask(image, child)).toBe(404);
    expect((await world.json("verify", target)).code).toBe(0);
    expect((await world.json("mirror", "-c", config, "--name", "s", target)).code).toBe(0);
    for (const [image, child] of left) expect(await ask(image, child)).toBe(200);
    expect((await world.json("verify", target)).code).toBe(0);
  });
});
