import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runProgram } from "../support/program.ts";
import { skerryProgram } from "../support/skerry.ts";
import { mayMount } from "../support/small-disk.ts";
import { imageSet, type MirrorWorld, mirrorWorld } from "./world.ts";

const allowed = mayMount();

describe.skipIf(!allowed)("a workspace on a disk that fills (needs mount namespaces)", () => {
  let world: MirrorWorld;
  beforeAll(async () => {
    world = await mirrorWorld();
    await mkdir(join(world.dir, "disk"));
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it.each(["64k", "256k"])(
    "of %s ends with the place and what to do, blames no publisher, and puts nothing wrong at the target",
    async (size) => {
      const config = await world.config(imageSet("- name: beacon-operator\n- name: lantern-metrics\n- name: ferry-mesh"));
      const prefix = `small-${size}`;
      const skerry = [process.execPath, skerryProgram, "mirror", "-c", config, "--workspace", join(world.dir, "disk", "w")];
      const rest = ["--registries-conf", join(world.dir, "registries.conf"), "--insecure", `docker://${world.mirror.host}/${prefix}`];
      const onSmallDisk = ["-m", "sh", "-c", `mount -t tmpfs -o size=${size} tmpfs "${join(world.dir, "disk")}" && exec "$@"`, "sh"];
      const ended = await runProgram("unshare", [...onSmallDisk, ...skerry, ...rest], { cwd: world.dir });
      expect(ended.code).toBe(1);
      expect(ended.stderr).toContain("disk is full");
      expect(ended.stderr).toContain(join(world.dir, "disk"));
      expect(ended.stderr).not.toMatch(/\n\s+at /);
      const tags = await fetch(`http://${world.mirror.host}/v2/${prefix}/catalogs/operator-index/tags/list`);
      expect(tags.status).toBe(404);
      // With room, the same command does the job.
      const again = await world.json("mirror", "-c", config, "--name", prefix, `docker://${world.mirror.host}/${prefix}`);
      expect({ code: again.code, result: again.result.result }).toEqual({ code: 0, result: "done" });
    },
  );
});
