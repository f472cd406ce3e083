import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { imageSet, type Json, type MirrorWorld, mirrorWorld } from "../mirror/world.ts";
import { skerryProgram } from "../support/skerry.ts";
import { type FarRun, farSideOf } from "./far-side.ts";

/** Rounds of killing; a long run may ask for more. */
const ROUNDS = Number(process.env["SKERRY_KILL_ROUNDS"] ?? "2");

describe("killed at any moment", () => {
  let world: MirrorWorld;
  let far: (...args: readonly string[]) => Promise<FarRun>;
  let lock: string;

  beforeAll(async () => {
    world = await mirrorWorld();
    far = await farSideOf(world);
    const config = await world.config(imageSet("- name: beacon-operator\n- name: buoy-operator\n- name: lantern-metrics"));
    await world.json("plan", "-c", config, "--name", "job");
    lock = join(world.dir, "skerry-job", "imageset.lock");
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** Starts a command in a process of its own and kills it when so many requests were seen; true when it was killed. */
  async function killed(args: readonly string[], moment: () => boolean): Promise<boolean> {
    const child: ChildProcess = spawn(process.execPath, [skerryProgram, ...args], { cwd: world.dir, stdio: "ignore" });
    const ended = once(child, "exit");
    while (child.exitCode === null && child.signalCode === null && !moment()) await sleep(5);
    child.kill("SIGKILL");
    await ended;
    return child.signalCode === "SIGKILL";
  }

  it("an export continues, and fetches again at most what was in flight", { timeout: 60_000 * ROUNDS }, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const dir = join(world.dir, `out-${round}`);
      const conf = join(world.dir, "registries.conf");
      const args = [
        "mirror",
        "--lock",
        lock,
        "--registries-conf",
        conf,
        "--insecure",
        "-q",
        "--max-per-host",
        "8",
        "--workspace",
        join(world.dir, "skerry-job"),
        `file://${dir}`,
      ];
      world.source.reset();
      const isBlob = ({ method, url }: { method: string; url: string }): boolean => method === "GET" && url.includes("/blobs/");
      const wasKilled = await killed(args, () => world.source.seen.filter(isBlob).length >= 8 + ((11 * round) % 70));
      const before = world.source.seen.filter(isBlob).length;
      const { code, result } = await world.json(
        ...args.filter((arg) => arg !== "-q" && arg !== "--insecure" && arg !== "--registries-conf" && arg !== conf),
      );
      expect([code, wasKilled]).toEqual([0, true]);
      expect(result.archive.missing).toEqual([]);
      const all = world.source.seen.filter(isBlob).map(({ url }) => url);
      // Eight copies from one host run at the same time; the upstream stands in for several.
      expect(Math.max(0, ...repeatsByHost(all).values())).toBeLessThanOrEqual(8);
      expect(all.length).toBeGreaterThan(before);
      expect((await far("archive", "verify", dir)).code).toBe(0);
    }
  });

  it("an import continues, every tag that is there is whole, and the catalog comes last", { timeout: 60_000 * ROUNDS }, async () => {
    const from = join(world.dir, "out-0");
    for (let round = 0; round < ROUNDS; round++) {
      const target = `docker://${world.target.host}/kill-${round}`;
      const workspace = join(world.dir, `kill-${round}`);
      const args = ["mirror", "--from", `file://${from}`, "--insecure", "--workspace", workspace, target];
      world.target.reset();
      // Small blobs go with the request that opens their upload.
      const isPut = ({ method, url }: { method: string; url: string }): boolean =>
        method === "PUT" || (method === "POST" && url.includes("?digest="));
      expect(await killed([...args, "-q"], () => world.target.seen.filter(isPut).length >= 12 + ((17 * round) % 100))).toBe(true);
      const half = await far("verify", "--insecure", "--lock", lock, target);
      expect(half.code).toBe(5);
      const document = JSON.parse(await readFile(lock, "utf8")) as Json;
      const whole = document.images.filter(
        (image: Json) => !half.result.missing.some((row: Json) => row.what === "tag" && row.images.includes(image.origin)),
      );
      const names = new Set(whole.map((image: Json) => image.origin));
      expect(
        half.result.missing.filter((row: Json) => row.what !== "tag" && row.images.some((origin: string) => names.has(origin))),
      ).toEqual([]);
      expect(whole.some((image: Json) => image.kind === "catalog")).toBe(false);
      expect((await far(...args)).code).toBe(0);
      expect((await far("verify", "--deep", "--insecure", target)).result.result).toBe("ok");
    }
  });
});

/** How often content was fetched that had been fetched before, by the host that it was asked of the second time. */
function repeatsByHost(urls: readonly string[]): ReadonlyMap<string, number> {
  const seen = new Set<string>();
  const repeats = new Map<string, number>();
  for (const url of urls) {
    const [, host = "", digest = ""] = /^\/v2\/([^/]+)\/.*\/blobs\/(.+)$/.exec(url) ?? [];
    if (seen.has(digest)) repeats.set(host, (repeats.get(host) ?? 0) + 1);
    seen.add(digest);
  }
  return repeats;
}
