import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { imageSet, type Json, mirrorWorld } from "../mirror/world.ts";

it("says before an archive is written how large it will be, in how many volumes, and what room there is", async () => {
  await using world = await mirrorWorld();
  const config = await world.config(imageSet("- name: beacon-operator"));
  const dir = join(world.dir, "disk", "not", "there", "yet");
  const planned = await world.json("plan", "-c", config, "--name", "size", "--volume-size", "64KiB", `file://${dir}`);
  expect(planned.code).toBe(0);
  expect(planned.result).toMatchObject({ target: `file://${dir}`, totals: { presentBytes: null, moveBytes: null } });
  const [space] = planned.result.estimate.space;
  expect(space.neededBytes).toBeGreaterThanOrEqual(planned.result.totals.uniqueBytes);
  expect(space.freeBytes).toBeGreaterThan(0);
  const made = await world.json("mirror", "-c", config, "--name", "size", "--volume-size", "64KiB", `file://${dir}`);
  expect(made.code).toBe(0);
  // The archive's own files (lock, contents) come on top of the images.
  expect(planned.result.totals.volumes).toBeGreaterThan(1);
  expect(made.result.archive.volumes.length - planned.result.totals.volumes).toBeOneOf([0, 1, 2]);
  const kept = JSON.parse(await readFile(join(world.dir, "skerry-size", "plan.json"), "utf8")) as Json;
  expect(kept).toMatchObject({ kind: "Plan", target: `file://${dir}`, totals: { volumes: planned.result.totals.volumes } });
});

it("takes the size of volumes from the configuration, unless a flag says another", async () => {
  await using world = await mirrorWorld();
  const config = await world.config(`archiveSize: 1\n${imageSet("- name: beacon-operator")}`);
  const volumes = async (...flags: string[]): Promise<number> => {
    const { result } = await world.json("plan", "-c", config, "--name", "given", ...flags, `file://${join(world.dir, "d")}`);
    return result.totals.volumes;
  };
  expect(await volumes()).toBe(1);
  expect(await volumes("--volume-size", "64KiB")).toBeGreaterThan(1);
});
