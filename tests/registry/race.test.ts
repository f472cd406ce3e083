import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeFiles, openRegistryCare, startRegistry } from "@skerry/registry";
import { expect, test } from "vitest";
import { CampaignClient, manifestOver, sha256 } from "./campaign.ts";

const CLIENTS = 64;

test(`${CLIENTS} clients push the same and overlapping images while collections run without grace: nothing acknowledged is lost`, async () => {
  const root = await mkdtemp(join(tmpdir(), "skerry-race-"));
  const registry = await startRegistry({ root });
  const client = new CampaignClient(registry.url);
  const bases = Array.from({ length: 6 }, (_, index) => Buffer.alloc(20_000, `base ${index} `));
  const pushed: { repository: string; tag: string; manifest: Buffer }[] = [];
  let collections = 0;
  let done = false;
  try {
    const collecting = (async () => {
      await using care = await openRegistryCare(root);
      while (!done) {
        await care.collect({ graceMs: 0 });
        collections += 1;
      }
    })();
    const push = async (number: number): Promise<void> => {
      // Two of the shared bases, one own layer for every fourth client, the same image for the others.
      const [first, second] = [bases[number % 6] ?? Buffer.alloc(1), bases[(number + 1) % 6] ?? Buffer.alloc(1)];
      const own = number % 4 === 0 ? [Buffer.from(`own ${number}`)] : [];
      const config = Buffer.from(`{"of":${number % 12}}`);
      const [repository, tag] = [`race/r${number % 5}`, `t${number}`];
      const manifest = manifestOver(config, [first, second, ...own]);
      for (const blob of [config, first, second, ...own]) {
        const there = await client.ask("HEAD", `/v2/${repository}/blobs/${sha256(blob)}`);
        if (there.status !== 200) expect((await client.pushBlob(repository, blob)).status).toBe(201);
      }
      expect((await client.pushManifest(repository, tag, manifest)).status).toBe(201);
      pushed.push({ repository, tag, manifest });
      // A third of them goes again, so that there is something to collect.
      if (number % 3 === 0) {
        pushed.splice(
          pushed.findIndex((image) => image.repository === repository && image.tag === tag),
          1,
        );
        await client.ask("DELETE", `/v2/${repository}/manifests/${tag}`);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, number) => push(number)));
    done = true;
    await collecting;
    expect(collections).toBeGreaterThan(0);
    expect(pushed).toHaveLength(CLIENTS - Math.ceil(CLIENTS / 3));
    for (const { repository, tag, manifest } of pushed) {
      const got = await client.ask("GET", `/v2/${repository}/manifests/${tag}`);
      expect(got.body.equals(manifest)).toBe(true);
      const { config, layers } = JSON.parse(manifest.toString()) as { config: { digest: string }; layers: { digest: string }[] };
      for (const { digest } of [config, ...layers]) {
        expect(sha256((await client.ask("GET", `/v2/${repository}/blobs/${digest}`)).body)).toBe(digest);
      }
    }
  } finally {
    done = true;
    client.close();
    await registry.close();
    await rm(root, { recursive: true });
  }
}, 300_000);

test("a collection that begins while a blob is being linked leaves its bytes alone", async () => {
  const root = await mkdtemp(join(tmpdir(), "skerry-race-"));
  const { promise: listed, resolve: onListed } = Promise.withResolvers<void>();
  const { promise: linking, resolve: onLinking } = Promise.withResolvers<void>();
  const registry = await startRegistry({
    root,
    files: {
      ...nodeFiles,
      // The link is made when the collection has seen the links and goes through the pool.
      open: async (path, how) => {
        if (path.includes("/links/")) {
          onLinking();
          await listed;
        }
        return nodeFiles.open(path, how);
      },
      list: async (path) => {
        const names = await nodeFiles.list(path);
        if (path.endsWith("/blobs/sha256")) onListed();
        return names;
      },
    },
  });
  const client = new CampaignClient(registry.url);
  const bytes = Buffer.from("pushed while a collection begins");
  const pushed = client.pushBlob("a", bytes);
  await linking;
  {
    await using care = await openRegistryCare(root);
    await care.collect({ graceMs: 0 });
  }
  expect((await pushed).status).toBe(201);
  expect((await client.ask("GET", `/v2/a/blobs/${sha256(bytes)}`)).body.equals(bytes)).toBe(true);
  client.close();
  await registry.close();
  await rm(root, { recursive: true });
});
