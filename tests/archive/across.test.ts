import { execFileSync } from "node:child_process";
import { cp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runInWorld } from "../../packages/cli/src/testing/world.ts";
import { imageSet, type Json, type MirrorWorld, mirrorWorld } from "../mirror/world.ts";
import { findProgram } from "../support/program.ts";

const WHOLE = "- name: beacon-operator\n- name: buoy-operator\n- name: lantern-metrics";
const skopeo = findProgram("skopeo");

describe("across the gap", () => {
  let world: MirrorWorld;
  let near: string;
  let far: string;
  let exported: Json;
  let target: string;

  beforeAll(async () => {
    world = await mirrorWorld();
    near = join(world.dir, "near");
    far = join(world.dir, "far");
    target = `docker://${world.target.host}/isle`;
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** A run on the far side: nothing of the near side's configuration is there. */
  async function farSide(...args: readonly string[]): Promise<{ code: number; result: Json; stderr: string }> {
    const { code, stdout, stderr } = await runInWorld([...args, "--insecure", "-o", "json", "-q"], { cwd: far, env: {}, home: far });
    return { code, stderr, result: stdout === "" ? undefined : JSON.parse(stdout) };
  }

  it("writes an archive in one pass, each blob once", async () => {
    const config = await world.config(imageSet(WHOLE, "  additionalImages:\n    - name: quay.isle.example/shared/toolbox:1.4\n"));
    const { code, result, stderr } = await world.json("mirror", "-c", config, "--name", "job", "--volume-size", "64KiB", `file://${near}`);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    exported = result;
    expect(result.result).toBe("done");
    const lock = JSON.parse(await readFile(join(world.dir, "skerry-job", "imageset.lock"), "utf8")) as Json;
    const unique = lock.blobs.reduce((sum: number, blob: { bytes: number }) => sum + blob.bytes, 0);
    expect(result.archive.volumes.length).toBeGreaterThan(1);
    expect(result.archive.bytes).toBeGreaterThanOrEqual(unique);
  });

  it("says it has nothing to do the second time, and writes the same bytes elsewhere", async () => {
    const config = join(world.dir, "set-1.yaml");
    const again = await world.json("mirror", "-c", config, "--name", "job", "--volume-size", "64KiB", `file://${near}`);
    expect(again.result.result).toBe("nothing-to-do");
    const twin = join(world.dir, "twin");
    expect((await world.json("mirror", "-c", config, "--name", "job", "--volume-size", "64KiB", `file://${twin}`)).code).toBe(0);
    expect(await bytesOf(twin)).toEqual(await bytesOf(near));
  });

  it.skipIf(skopeo === undefined)("is an OCI archive that skopeo reads (needs skopeo)", async () => {
    const tar = join(world.dir, "all.tar");
    const volumes = exported.archive.volumes.map(({ name }: { name: string }) => join(near, name));
    execFileSync("sh", ["-c", `cat ${volumes.join(" ")} > ${tar}`]);
    const names = execFileSync("tar", ["tf", tar], { encoding: "utf8" }).trim().split("\n");
    expect(names.slice(0, 3)).toEqual(["oci-layout", "blobs/", "blobs/sha256/"]);
    expect(new Set(names).size).toBe(names.length);
    for (const { origin, digest } of exported.images.slice(0, 10)) {
      const raw = execFileSync(skopeo ?? "", ["inspect", "--raw", `oci-archive:${tar}:${origin}`]);
      const { digestOf } = await import("@skerry/oci");
      expect(digestOf(raw)).toBe(digest);
    }
  });

  it("arrives whole where nothing but the target can be reached", async () => {
    await cp(near, join(far, "disk"), { recursive: true });
    world.source.interfere(() => "cut");
    world.source.reset();
    const { code, result, stderr } = await farSide("mirror", "--from", `file://${join(far, "disk")}`, target);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(result.images.length).toBe(exported.images.length);
    expect(world.source.seen).toEqual([]);
    expect((await farSide("verify", "--deep", target)).result.result).toBe("ok");
    expect((await readdir(join(far, "skerry-job", "cluster-resources"))).length).toBeGreaterThan(0);
    const chain = join(far, "skerry-job", "audit", "crossings.intoto.jsonl");
    expect(JSON.parse(await readFile(chain, "utf8")).predicate).toMatchObject({ direction: "import", result: "done", previous: null });
    expect((await runInWorld(["audit", "verify", chain], { cwd: far, env: {}, home: far })).code).toBe(0);
    const asNode = await farSide("verify", "--as-node", target);
    expect([asNode.code, asNode.result.missing]).toEqual([0, []]);
    const junit = await runInWorld(["verify", "--insecure", "-o", "junit", "-q", target], { cwd: far, env: {}, home: far });
    expect(junit.stdout).toContain('failures="0"');
    const again = await farSide("mirror", "--from", `file://${join(far, "disk")}`, target);
    expect(again.result.result).toBe("nothing-to-do");
  });

  it("goes on from mirror to mirror with no source but the first", async () => {
    const other = `docker://${world.mirror.host}/second`;
    const { code, result, stderr } = await farSide(
      "mirror",
      "--from",
      target,
      "--name",
      "job",
      "--workspace",
      join(far, "second"),
      "--tls-verify=false",
      other,
    );
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(result.result).toBe("done");
    expect(world.source.seen).toEqual([]);
    expect((await farSide("verify", "--deep", other)).result.result).toBe("ok");
  });
});

async function bytesOf(dir: string): Promise<[string, string][]> {
  const names = (await readdir(dir)).sort();
  return Promise.all(names.map(async (name): Promise<[string, string]> => [name, await readFile(join(dir, name), "base64")]));
}
