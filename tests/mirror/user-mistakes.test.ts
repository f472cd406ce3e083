import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { imageSet, type Json, type MirrorWorld, mirrorWorld } from "./world.ts";

let world: MirrorWorld;
beforeAll(async () => {
  world = await mirrorWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

async function resources(name: string): Promise<Map<string, string>> {
  const dir = join(world.dir, name, "cluster-resources");
  const names = (await readdir(dir)).sort();
  return new Map(await Promise.all(names.map(async (file) => [file, await readFile(join(dir, file), "utf8")] as const)));
}

describe("what the user wrote is refused before anything is asked for", () => {
  it.each([
    ["a folder that is not there", ["-c", "FOLDER"], "/nodir", "Relative paths"],
    ["an architecture that is none", ["-c", "GOOD", "--platform", "linux/amd"], '"amd" is no known architecture', '"amd64"'],
    ["a problem code that is none", ["-c", "GOOD", "--waive", "REF_EMTPY"], "no problem of that code", "REF_EMPTY"],
    [
      "a name for a catalog that is not there",
      ["-c", "GOOD", "--catalog-source-name", "x.y/z:1=mine"],
      "no catalog x.y/z:1",
      "Its catalogs",
    ],
    ["a workspace that is a file", ["-c", "GOOD", "--workspace", "GOOD"], "Cannot use workspace", "--workspace DIR"],
    ["a workspace where no folder can be", ["-c", "GOOD", "--workspace", "/proc/skerry"], "Cannot use workspace", "--workspace DIR"],
    ["a target that is no registry", ["-c", "GOOD", "oci:some/folder"], "oci: is no registry", "docker://HOST"],
  ])("%s", async (_what, args, message, hint) => {
    const good = await world.config(imageSet("- name: beacon-operator"));
    const folder = await world.config(
      "apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\nmirror:\n  operators:\n    - catalog: ./nodir\n",
    );
    const named = args.map((arg) => (arg === "GOOD" ? good : arg === "FOLDER" ? folder : arg));
    world.source.reset();
    const { code, stderr, stdout } = await world.run("plan", ...named);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
    expect(world.source.methods()).toEqual({});
  });
});

it("makes a row of a catalog without any wanted platform, and goes on", async () => {
  const config = await world.config(
    imageSet("- name: beacon-operator", "  additionalImages:\n    - name: quay.isle.example/shared/toolbox:1.4\n"),
  );
  const { code, result } = await world.json("plan", "-c", config, "--name", "windows", "--platform", "windows/amd64");
  expect(code).toBe(3);
  expect(result.problems.filter((row: Json) => row.severity === "error").map((row: Json) => row.code)).toContain("CATALOG_UNREADABLE");
  expect(result.images.map((image: Json) => image.origin)).toContain("quay.isle.example/shared/toolbox:1.4");
});

it("keeps lock and resources of the last run when no source answers", async () => {
  const target = `docker://${world.target.host}/outage`;
  const config = await world.config(
    "apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\nmirror:\n  additionalImages:\n    - name: quay.isle.example/shared/toolbox:1.4\n",
  );
  expect((await world.json("mirror", "-c", config, "--name", "outage", target)).code).toBe(0);
  const lockFile = join(world.dir, "skerry-outage", "imageset.lock");
  const before = { lock: await readFile(lockFile, "utf8"), files: await resources("skerry-outage") };
  expect(before.files.size).toBe(1);
  world.source.interfere(() => ({ status: 401, code: "UNAUTHORIZED" }));
  const failed = await world.json("mirror", "-c", config, "--name", "outage", target);
  world.source.interfere(undefined);
  expect({ code: failed.code, result: failed.result.result }).toEqual({ code: 1, result: "failed" });
  expect({ lock: await readFile(lockFile, "utf8"), files: await resources("skerry-outage") }).toEqual(before);
  expect((await world.json("verify", target)).code).toBe(0);
});

it("verifies every lock that a target holds, or the one that is named", async () => {
  const target = `docker://${world.target.host}/two`;
  const one = await world.config(imageSet("- name: beacon-operator"));
  const extra = "apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\nmirror:\n  additionalImages:\n";
  const two = await world.config(`${extra}    - name: quay.isle.example/shared/toolbox:1.4\n`);
  expect((await world.json("mirror", "-c", one, "--name", "one", target)).code).toBe(0);
  expect((await world.json("mirror", "-c", two, "--name", "two", target)).code).toBe(0);
  const both = await world.json("verify", target);
  expect({ code: both.code, sets: both.result.imageSets, result: both.result.result }).toEqual({
    code: 0,
    sets: ["one", "two"],
    result: "ok",
  });
  const named = await world.json("verify", "--name", "two", target);
  expect(named.result).toMatchObject({ imageSets: ["two"], checked: { roots: 1 } });
  const tag = `http://${world.mirror.host}/v2/two/shared/toolbox/manifests/1.4`;
  expect((await fetch(tag, { method: "DELETE" })).status).toBe(202);
  expect((await world.json("verify", target)).code).toBe(5);
  expect((await world.json("verify", "--name", "one", target)).code).toBe(0);
});

it("reports what it mirrored when the target does not take the lock", async () => {
  const target = `docker://${world.target.host}/nolock`;
  const config = await world.config(imageSet("- name: beacon-operator"));
  world.target.interfere(({ method, url }) =>
    method === "PUT" && url.includes("/nolock/skerry/locks/manifests/") ? { status: 403, code: "DENIED" } : undefined,
  );
  const subject = `${world.target.host}/nolock/skerry/locks:nolock`;
  const first = await world.json("mirror", "-c", config, "--name", "nolock", target);
  expect({ code: first.code, result: first.result.result }).toEqual({ code: 3, result: "partial" });
  expect(first.result.problems).toContainEqual(expect.objectContaining({ code: "PUSH_DENIED", severity: "error", subject, waived: false }));
  expect(JSON.parse(await readFile(join(world.dir, "skerry-nolock", "report.json"), "utf8"))).toEqual({
    apiVersion: "skerry.dev/v1",
    ...first.result,
  });
  expect((await resources("skerry-nolock")).size).toBeGreaterThan(2);
  const waived = await world.json("mirror", "-c", config, "--name", "nolock", "--waive", `PUSH_DENIED=${subject}`, target);
  world.target.interfere(undefined);
  expect(waived.code).toBe(0);
  expect((await world.json("mirror", "-c", config, "--name", "nolock", target)).code).toBe(0);
  expect((await world.json("verify", target)).code).toBe(0);
});
