import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { imageSet, type MirrorWorld, mirrorWorld } from "../mirror/world.ts";
import { type Ended, runProgram } from "../support/program.ts";
import { skerryProgram } from "../support/skerry.ts";
import { mayMount } from "../support/small-disk.ts";
import { type FarRun, farSideOf } from "./far-side.ts";

const allowed = mayMount();

describe.skipIf(!allowed)("an archive on a disk that is too small (needs mount namespaces)", () => {
  let world: MirrorWorld;
  let far: (...args: readonly string[]) => Promise<FarRun>;
  let disk: string;
  let skerry: string;

  beforeAll(async () => {
    world = await mirrorWorld();
    far = await farSideOf(world);
    disk = join(world.dir, "disk");
    await mkdir(disk);
    const config = await world.config(imageSet("- name: beacon-operator\n- name: buoy-operator\n- name: lantern-metrics"));
    await world.json("plan", "-c", config, "--name", "job");
    const flags = `--lock "${join(world.dir, "skerry-job", "imageset.lock")}" --registries-conf "${join(world.dir, "registries.conf")}"`;
    skerry = `"${process.execPath}" "${skerryProgram}" mirror ${flags} --insecure -q --volume-size 64KiB "file://${disk}/out"`;
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** Runs lines of shell where `disk` has `size`; `kept` is a folder beside it. */
  async function onSmallDisk(size: string, kept: string, ...lines: readonly string[]): Promise<Ended> {
    await mkdir(join(world.dir, kept));
    const script = [`mount -t tmpfs -o size=${size} tmpfs "${disk}"`, `kept="${join(world.dir, kept)}"`, ...lines].join("\n");
    return await runProgram("unshare", ["-m", "sh", "-c", script], { cwd: world.dir });
  }

  async function hook(name: string, line: string): Promise<string> {
    const path = join(world.dir, name);
    await writeFile(path, `#!/bin/sh\n${line}\n`, { mode: 0o755 });
    return path;
  }

  it("is refused before anything is fetched, by the name of the disk", async () => {
    world.source.reset();
    const ended = await onSmallDisk("256k", "refused", `${skerry} -o json`);
    expect([ended.code, JSON.parse(ended.stderr)]).toEqual([4, expect.objectContaining({ code: "SPACE_SHORT", subject: disk })]);
    expect(world.source.seen.filter(({ url }) => url.includes("/blobs/"))).toEqual([]);
  });

  it("goes on while --volume-hook carries finished volumes away", async () => {
    const carry = await hook("carry", `mv "$1" "${join(world.dir, "carried")}"`);
    const ended = await onSmallDisk("400k", "carried", `${skerry} --volume-hook "${carry}" && cp -r "${disk}"/out/. "$kept"`);
    expect([ended.code, ended.stderr]).toEqual([0, ""]);
    const { code, result } = await far("archive", "verify", join(world.dir, "carried"));
    expect([code, result.missing, result.wrong]).toEqual([0, [], []]);
  });

  it("goes on when what lies ahead of a slow blob filled the disk before any volume was finished", async () => {
    const carry = await hook("carry-late", `mv "$1" "${join(world.dir, "carried-late")}"`);
    let slow: string | undefined;
    let refused = 0;
    world.source.interfere(({ method, url }) => {
      if (method !== "GET" || !url.includes("/blobs/")) return undefined;
      slow ??= url;
      if (url !== slow || refused === 3) return undefined;
      refused += 1;
      return { status: 503 };
    });
    const ended = await onSmallDisk("400k", "carried-late", `${skerry} --volume-hook "${carry}" && cp -r "${disk}"/out/. "$kept"`);
    world.source.interfere(undefined);
    expect([ended.code, ended.stderr, refused]).toEqual([0, "", 3]);
    const { code, result } = await far("archive", "verify", join(world.dir, "carried-late"));
    expect([code, result.missing, result.wrong]).toEqual([0, [], []]);
  });

  it("that fills all the same leaves an archive that the same command continues after room was made", async () => {
    // Somebody else takes the room once the first volume is there.
    const fill = await hook("fill", `test -e "${disk}/other" || head -c 4M /dev/zero > "${disk}/other" 2>/dev/null; true`);
    world.source.reset();
    const lines = [
      `${skerry} --volume-hook "${fill}" -o json 2> "$kept/first.json"; echo "$?"`,
      `rm "${disk}/other"`,
      `${skerry} || exit 9`,
      `cp -r "${disk}"/out/. "$kept"`,
    ];
    const ended = await onSmallDisk("3m", "filled", ...lines);
    expect([ended.code, ended.stderr]).toEqual([0, ""]);
    expect(ended.stdout).toMatch(/^1\n/);
    expect(await readdir(join(world.dir, "filled"))).toContain("contents.json");
    expect((await far("archive", "verify", join(world.dir, "filled"))).code).toBe(0);
    const fetched = world.source.seen.filter(({ method, url }) => method === "GET" && url.includes("/blobs/"));
    const digests = fetched.map(({ url }) => url.split("/blobs/")[1]);
    // Three attempts (the second looks whether volumes were carried away), and three hosts behind the upstream with eight each.
    expect(digests.length - new Set(digests).size).toBeLessThanOrEqual(2 * 24);
  });
});
