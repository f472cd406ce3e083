import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runInWorld } from "../../packages/cli/src/testing/world.ts";
import { imageSet, type Json, type MirrorWorld, mirrorWorld } from "../mirror/world.ts";
import { type FarRun, farSideOf } from "./far-side.ts";

let world: MirrorWorld;
let far: (...args: readonly string[]) => Promise<FarRun>;
let program: string;

beforeAll(async () => {
  world = await mirrorWorld();
  far = await farSideOf(world);
  program = join(world.dir, "program.mjs");
  await writeFile(program, "#!/usr/bin/env node\nconsole.log('the whole program');\n");
  const config = await world.config(imageSet("- name: buoy-operator"));
  expect((await world.json("plan", "-c", config, "--name", "job")).code).toBe(0);
});
afterAll(() => world[Symbol.asyncDispose]());

/** Exports in a world where the program is a single file. */
async function exported(dir: string, ...flags: readonly string[]): Promise<Json> {
  const lock = ["--lock", join(world.dir, "skerry-job", "imageset.lock"), "--registries-conf", join(world.dir, "registries.conf")];
  const args = ["mirror", ...lock, "--insecure", "-q", "-o", "json", ...flags, `file://${dir}`];
  const { code, stdout } = await runInWorld(args, { cwd: world.dir, home: world.dir, program });
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

it("the program travels along when it is a single file, and is taken out as it was", async () => {
  const dir = join(world.dir, "with");
  await exported(dir);
  expect((await exported(dir)).result).toBe("nothing-to-do");
  const { roots } = JSON.parse(await readFile(join(dir, "contents.json"), "utf8"));
  expect(roots.filter(({ name }: Json) => name.startsWith("skerry.dev/tool:")).length).toBe(1);
  expect((await far("archive", "verify", dir)).code).toBe(0);
  expect((await far("archive", "list", dir)).result.archives[0].images).toBe(roots.length - 1);
  const taken = join(world.dir, "taken.mjs");
  expect((await far("archive", "tool", dir, taken)).code).toBe(0);
  expect(await readFile(taken)).toEqual(await readFile(program));
  expect((await far("archive", "tool", dir, taken)).code).toBe(2);
  const split = join(world.dir, "split");
  expect((await far("archive", "split", dir, "--volume-size", "64KiB", "--to", split)).code).toBe(0);
  const merged = join(world.dir, "merged");
  expect((await far("archive", "merge", split, "--to", merged)).code).toBe(0);
  expect((await far("archive", "tool", merged, join(world.dir, "again.mjs"))).code).toBe(0);
});

it("it is no image: an import leaves it where it is", async () => {
  world.target.reset();
  const { code, result } = await far(
    "mirror",
    "--from",
    `file://${join(world.dir, "with")}`,
    "--insecure",
    `docker://${world.target.host}/t`,
  );
  expect([code, result.images.filter((image: Json) => image.origin.includes("skerry.dev"))]).toEqual([0, []]);
  expect(world.target.seen.filter(({ url }) => url.includes("/tool/"))).toEqual([]);
});

it("--exclude-tool leaves it out, and so does a program of many files", async () => {
  const dir = join(world.dir, "without");
  await exported(dir, "--exclude-tool");
  expect((await far("archive", "tool", dir)).error.code).toBe("NOT_FOUND");
});
