import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Registries } from "@skerry/oci";
import { startRegistry } from "@skerry/registry";
import { expect, test } from "vitest";
import { CampaignClient, manifestOver, sha256 } from "./campaign.ts";

test("what is missing comes from the upstream once, tags follow it, and it may go away", async () => {
  const scratch = await mkdtemp(join(tmpdir(), "skerry-through-"));
  const asked: string[] = [];
  const upstream = await startRegistry({
    root: join(scratch, "up"),
    onAccess: ({ method, path }) => asked.push(`${method} ${path.replace(/sha256:\w+/, "D")}`),
  });
  const registries = new Registries({ insecureHosts: "all", retries: 0 });
  const reader = registries.reader(upstream.host);
  const warnings: string[] = [];
  const local = await startRegistry({
    root: join(scratch, "local"),
    upstreams: [{ prefix: "up", namespace: "quay.example.com", reader }],
    onWarning: (message) => warnings.push(message),
  });
  const [source, client] = [new CampaignClient(upstream.url), new CampaignClient(local.url)];
  try {
    const [config, layer] = [Buffer.from("{}"), Buffer.alloc(300_000, "layer ")];
    for (const blob of [config, layer]) await source.pushBlob("team/app", blob);
    const first = manifestOver(config, [layer]);
    await source.pushManifest("team/app", "v1", first);
    asked.length = 0;
    const got = await client.ask("GET", "/v2/up/team/app/manifests/v1");
    expect([got.status, got.body.equals(first)]).toEqual([200, true]);
    const blobs = await Promise.all([1, 2, 3].map(() => client.ask("GET", `/v2/up/team/app/blobs/${sha256(layer)}`)));
    for (const blob of blobs) expect(blob.body.equals(layer)).toBe(true);
    expect(asked.filter((line) => line === "GET /v2/team/app/blobs/D")).toHaveLength(1);
    expect((await client.ask("GET", `/v2/elsewhere/app/blobs/${sha256(layer)}`)).status).toBe(404);
    const named = await client.ask("GET", "/v2/team/app/manifests/v1?ns=quay.example.com");
    expect([named.status, named.headers["oci-namespace"]]).toEqual([200, "quay.example.com"]);
    expect((await client.ask("GET", "/v2/team/app/manifests/v1?ns=other.example.com")).status).toBe(404);
    const second = manifestOver(layer, [config]);
    await source.pushManifest("team/app", "v1", second);
    expect((await client.ask("GET", "/v2/up/team/app/manifests/v1")).body.equals(second)).toBe(true);
    expect(warnings).toEqual([]);
    await upstream.close();
    expect((await client.ask("GET", "/v2/up/team/app/manifests/v1")).body.equals(second)).toBe(true);
    expect((await client.ask("GET", `/v2/up/team/app/manifests/${sha256(first)}`)).body.equals(first)).toBe(true);
    expect((await client.ask("GET", "/v2/up/team/app/manifests/v2")).status).toBe(404);
    expect(warnings).toEqual([expect.stringMatching(/^The upstream quay\.example\.com was of no use: /)]);
  } finally {
    for (const one of [source, client]) one.close();
    await registries.close();
    await local.close();
    await upstream.close();
    await rm(scratch, { recursive: true });
  }
});
