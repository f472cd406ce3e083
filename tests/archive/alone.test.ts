import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { imageSet, type Json, type MirrorWorld, mirrorWorld } from "../mirror/world.ts";
import { aloneFlags, runAlone } from "./alone.ts";

const isAlone = aloneFlags !== undefined;
let world: MirrorWorld;

beforeAll(async () => {
  if (isAlone) world = await mirrorWorld();
});
afterAll(() => (isAlone ? world[Symbol.asyncDispose]() : undefined));

it.skipIf(!isAlone)("imports and verifies as a node with no route but loopback (needs unshare -n)", async () => {
  const out = join(world.dir, "out");
  const config = await world.config(imageSet("- name: beacon-operator\n- name: buoy-operator"));
  expect((await world.json("mirror", "-c", config, "--name", "job", `file://${out}`)).code).toBe(0);
  const { ended, lookups } = await runAlone(world.dir, ({ skerry, registry }) => [
    `${skerry} mirror --from "file://${out}" --insecure -q -o json ${registry}/alone > report.json`,
    `${skerry} verify --deep --as-node --insecure -q -o json ${registry}/alone > verified.json`,
  ]);
  expect(ended, ended.stderr).toMatchObject({ code: 0 });
  expect(lookups).toEqual([]);
  const report = JSON.parse(await readFile(join(world.dir, "verified.json"), "utf8")) as Json;
  expect([report.result, report.missing, report.wrong]).toEqual(["ok", [], []]);
  expect(report.checked.roots).toBeGreaterThan(5);
  expect(await readdir(join(world.dir, "skerry-job", "cluster-resources"))).not.toEqual([]);
});
