import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runInWorld } from "../../packages/cli/src/testing/world.ts";
import { farSideOf } from "../archive/far-side.ts";
import { imageSet, type Json, type MirrorWorld, mirrorWorld } from "../mirror/world.ts";
import { freePort } from "../support/free-port.ts";
import { sendPlain } from "./plain-http.ts";

let world: MirrorWorld;
let archive: string;

beforeAll(async () => {
  world = await mirrorWorld();
  archive = join(world.dir, "archive");
  const config = await world.config(imageSet("- name: beacon-operator\n- name: buoy-operator"));
  // Small volumes, so that blobs go on from one to the next.
  const { code } = await world.json("mirror", "-c", config, "--name", "job", "--volume-size", "1MiB", `file://${archive}`);
  expect(code).toBe(0);
});
afterAll(() => world[Symbol.asyncDispose]());

/** Serves `from` while `work` runs. */
async function serving(from: string, work: (host: string) => Promise<void>): Promise<Json> {
  const stop = new AbortController();
  const host = `127.0.0.1:${await freePort()}`;
  const args = ["registry", "serve", "--from", from, "--listen", host, "-o", "json"];
  const running = runInWorld(args, { cwd: join(world.dir, "far"), signal: stop.signal, env: {} });
  try {
    while (!(await answers(`http://${host}`))) await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 20))]);
    await work(host);
  } finally {
    stop.abort();
  }
  const { code, stdout, stderr } = await running;
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Json;
}

async function answers(url: string): Promise<boolean> {
  return sendPlain(url, { method: "GET", path: "/v2/" }).then(
    () => true,
    () => false,
  );
}

test("an archive is served as an import would leave it: everything that the lock names is right, and nothing is written", async () => {
  const far = await farSideOf(world);
  const before = await readdir(archive);
  const served = await serving(archive, async (host) => {
    const lock = join(world.dir, "skerry-job", "imageset.lock");
    const { code, result } = await far("verify", `docker://${host}`, "--lock", lock, "--deep", "--insecure");
    expect([code, result.result, result.missing, result.wrong]).toEqual([0, "ok", [], []]);
    const pushed = await sendPlain(`http://${host}`, { method: "POST", path: "/v2/a/blobs/uploads/" });
    expect(pushed.status).toBe(405);
  });
  expect(served).toMatchObject({ kind: "RegistryServing", root: archive });
  expect(await readdir(archive)).toEqual(before);
  expect(await readdir(join(world.dir, "far"))).not.toContain("registry");
});

test("an image pulled in parts is the same", async () => {
  await serving(`file://${archive}`, async (host) => {
    const ask = (path: string, headers: Record<string, string> = {}): ReturnType<typeof sendPlain> =>
      sendPlain(`http://${host}`, { method: "GET", path, headers });
    const { repositories } = JSON.parse((await ask("/v2/_catalog")).body.toString()) as { repositories: string[] };
    let parts = 0;
    for (const repository of repositories) {
      const { tags } = JSON.parse((await ask(`/v2/${repository}/tags/list`)).body.toString()) as { tags: string[] };
      const manifest = JSON.parse((await ask(`/v2/${repository}/manifests/${tags[0]}`)).body.toString()) as Json;
      for (const { digest, size } of manifest.layers ?? []) {
        const path = `/v2/${repository}/blobs/${digest}`;
        const whole = (await ask(path)).body;
        const half = size >> 1;
        const [first, rest] = [await ask(path, { range: `bytes=0-${half}` }), await ask(path, { range: `bytes=${half + 1}-` })];
        expect(Buffer.concat([first.body, rest.body]).equals(whole)).toBe(true);
        parts += 2;
      }
    }
    expect(parts).toBeGreaterThan(2);
  });
});

test("a folder that is neither an archive nor a layout is refused", async () => {
  const { code, stderr } = await runInWorld(["registry", "serve", "--from", world.dir, "--listen", ":0"], { cwd: world.dir, env: {} });
  expect(code).not.toBe(0);
  expect(stderr).toContain("contents.json");
});
