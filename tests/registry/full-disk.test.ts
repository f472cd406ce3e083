import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mayMount } from "../support/small-disk.ts";
import { CampaignClient, manifestOver, sha256 } from "./campaign.ts";
import { startChild } from "./child.ts";

/** Words that run a program with a small file system of its own at `folder`. */
function onSmallDisk(folder: string): string[] {
  return ["unshare", "-m", "sh", "-c", `mount -t tmpfs -o size=6m tmpfs ${folder} && exec "$@"`, "sh"];
}

test.skipIf(!mayMount())(
  "a full disk is said with the right error, loses nothing, and ends with the next delete (needs mount namespaces)",
  async () => {
    const scratch = await mkdtemp(join(tmpdir(), "skerry-full-"));
    const root = join(scratch, "disk");
    await mkdir(root);
    const child = await startChild(join(root, "registry"), { minFreeBytes: 0 }, onSmallDisk(root));
    const client = new CampaignClient(child.url);
    try {
      const first = manifestOver(Buffer.from("{}"), []);
      expect((await client.pushManifest("full/app", "first", first)).status).toBe(201);
      const kept: Buffer[] = [];
      const refusals = new Set<string>();
      for (let number = 0; number < 40; number += 1) {
        const layer = Buffer.alloc(400_000, `layer ${number} `);
        const pushed = await client.pushBlob("full/app", layer, number % 2 === 0);
        if (pushed.status === 201) kept.push(layer);
        else refusals.add(`${pushed.status} ${(JSON.parse(pushed.body.toString()) as { errors: { code: string }[] }).errors[0]?.code}`);
      }
      expect([...refusals]).toEqual(["507 INSUFFICIENT_STORAGE"]);
      expect(kept.length).toBeGreaterThan(5);
      for (const layer of kept) expect((await client.ask("GET", `/v2/full/app/blobs/${sha256(layer)}`)).body.equals(layer)).toBe(true);
      // What is refused leaves nothing behind, so reading and deleting go on, and a small manifest still finds room.
      expect((await client.ask("GET", "/v2/_catalog")).status).toBe(200);
      expect((await client.ask("DELETE", `/v2/full/app/blobs/${sha256(kept[0] ?? Buffer.alloc(0))}`)).status).toBe(202);
      const manifest = manifestOver(Buffer.from("{}"), [kept[1] ?? Buffer.alloc(0)]);
      const named = await client.pushManifest("full/app", "v1", manifest);
      expect([201, 507]).toContain(named.status);
      if (named.status !== 201) expect((await client.ask("GET", "/v2/full/app/manifests/v1")).status).toBe(404);
      // Filled to the last block, it still takes images away.
      for (let [size, number] = [400_000, 0]; size >= 1; number += 1) {
        const pushed = await client.pushBlob("full/app", Buffer.alloc(size, `${size} ${number} `));
        if (pushed.status !== 201) size = Math.floor(size / 3);
      }
      expect((await client.ask("DELETE", `/v2/full/app/manifests/${sha256(first)}`)).status).toBe(202);
      expect((await client.ask("GET", "/v2/full/app/manifests/first")).status).toBe(404);
    } finally {
      client.close();
      await child.kill("SIGTERM");
      expect(await readdir(root)).toEqual([]);
      await rm(scratch, { recursive: true });
    }
  },
);
