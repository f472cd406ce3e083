import { mkdir, mkdtemp, readdir, readFile, rm, rmdir, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  nodeFiles,
  openRegistryCare,
  type RegistryCare,
  type RegistryOptions,
  type RunningRegistry,
  startRegistry,
} from "@skerry/registry";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CampaignClient, manifestOver, sha256 } from "./campaign.ts";

const DAY_MS = 24 * 3600_000;

let scratch: string;
let root: string;
let registry: RunningRegistry;
let client: CampaignClient;
let clock: number;

async function start(options: Partial<RegistryOptions> = {}): Promise<void> {
  registry = await startRegistry({ root, now: () => clock, ...options });
  client = new CampaignClient(registry.url);
}

async function stop(): Promise<void> {
  client.close();
  await registry.close();
}

beforeEach(async () => {
  clock = Date.now();
  scratch = await mkdtemp(join(tmpdir(), "skerry-care-"));
  root = join(scratch, "root");
  await start();
});

afterEach(async () => {
  await stop();
  await rm(scratch, { recursive: true });
});

async function withCare<T>(work: (care: RegistryCare) => Promise<T>, at = root): Promise<T> {
  await using care = await openRegistryCare(at);
  return work(care);
}

async function pushImage(repository: string, tag: string, layer: string): Promise<{ digest: string; layer: Buffer; manifest: Buffer }> {
  const bytes = { config: Buffer.from(`{"of":"${layer}"}`), layer: Buffer.from(layer) };
  for (const blob of [bytes.config, bytes.layer]) expect((await client.pushBlob(repository, blob)).status).toBe(201);
  const manifest = manifestOver(bytes.config, [bytes.layer]);
  expect((await client.pushManifest(repository, tag, manifest)).status).toBe(201);
  return { digest: sha256(manifest), layer: bytes.layer, manifest };
}

function blobFile(digest: string, at = root): string {
  return join(at, "blobs", ...digest.split(":"));
}

test("a collection takes what a deleted image leaves behind, and nothing that another repository holds", async () => {
  const gone = await pushImage("a", "v1", "only here");
  const shared = await pushImage("a", "v2", "in both");
  await pushImage("b", "v2", "in both");
  for (const digest of [gone.digest, shared.digest]) await client.ask("DELETE", `/v2/a/manifests/${digest}`);
  const dry = await withCare((care) => care.collect({ graceMs: 0, dryRun: true }));
  expect([dry.links, dry.blobs > 0, dry.freedBytes > 0]).toEqual([4, true, true]);
  expect(await readdir(join(root, "blobs", "sha256"))).toHaveLength(6);
  const report = await withCare((care) => care.collect({ graceMs: 0 }));
  expect(report.links).toBe(4);
  // Layer, config and manifest of the one that was only here.
  expect(report.blobs).toBe(3);
  expect((await client.ask("GET", `/v2/a/blobs/${sha256(shared.layer)}`)).status).toBe(404);
  expect((await client.ask("GET", `/v2/b/blobs/${sha256(shared.layer)}`)).body.toString()).toBe("in both");
});

test("a blob that a push relies on is left alone, whatever the grace; when the lease is over it goes", async () => {
  const layer = Buffer.from("uploaded, not yet named");
  await client.pushBlob("a", layer);
  expect((await withCare((care) => care.collect({ graceMs: 0 }))).blobs).toBe(0);
  expect((await client.ask("HEAD", `/v2/a/blobs/${sha256(layer)}`)).status).toBe(200);
  clock += 11 * 60_000;
  expect((await withCare((care) => care.collect({ graceMs: 0 }))).blobs).toBe(1);
  expect((await client.ask("HEAD", `/v2/a/blobs/${sha256(layer)}`)).status).toBe(404);
  // The client that saw it a moment ago is told.
  const named = await client.pushManifest("a", "v1", manifestOver(Buffer.from("{}"), [layer]));
  expect([named.status, named.body.toString().includes("MANIFEST_BLOB_UNKNOWN")]).toEqual([400, true]);
});

test("what is older than the grace goes, what is younger waits", async () => {
  const image = await pushImage("a", "v1", "short life");
  await client.ask("DELETE", `/v2/a/manifests/${image.digest}`);
  expect((await withCare((care) => care.collect({ graceMs: 3600_000 }))).blobs).toBe(0);
  clock += 2 * 3600_000;
  expect((await withCare((care) => care.collect({ graceMs: 3600_000 }))).blobs).toBe(3);
});

test("a scrub puts damage aside, the next push heals it", async () => {
  const image = await pushImage("a", "v1", "will be damaged");
  const digest = sha256(image.layer);
  await writeFile(blobFile(digest), "will be demaged");
  const report = await withCare((care) => care.scrub({}));
  expect(report.damaged).toMatchObject([{ digest, repositories: ["a"], outcome: "quarantined" }]);
  expect((await client.ask("GET", `/v2/a/blobs/${digest}`)).status).toBe(404);
  expect(await readdir(join(root, "quarantine"))).toEqual([digest.replace(":", "-")]);
  // It is lost until somebody heals it, also for a scrub that finds the rest right.
  expect((await withCare((care) => care.scrub({}))).damaged).toEqual(report.damaged);
  await client.pushBlob("a", image.layer);
  expect((await client.ask("GET", `/v2/a/blobs/${digest}`)).body.equals(image.layer)).toBe(true);
  expect((await withCare((care) => care.scrub({}))).damaged).toEqual([]);
});

test("a damaged manifest is absent until it is pushed again", async () => {
  const image = await pushImage("a", "v1", "fine");
  await writeFile(blobFile(image.digest), "{}");
  await stop();
  await start();
  expect((await withCare((care) => care.scrub({}))).damaged).toHaveLength(1);
  expect((await client.ask("HEAD", "/v2/a/manifests/v1")).status).toBe(404);
  expect((await client.pushManifest("a", "v1", image.manifest)).status).toBe(201);
  expect((await client.ask("GET", "/v2/a/manifests/v1")).body.equals(image.manifest)).toBe(true);
});

test("a backup made while it serves is a registry itself, and repairs the first", async () => {
  const image = await pushImage("team/a", "v1", "kept twice");
  const to = join(scratch, "backup");
  const first = await withCare((care) => care.backup(to, {}));
  expect([first.copiedBlobs, first.repositories]).toEqual([3, 1]);
  await pushImage("team/b", "v1", "new");
  await client.ask("DELETE", "/v2/team/a/manifests/v1");
  const second = await withCare((care) => care.backup(to, {}));
  expect([second.copiedBlobs, second.presentBlobs]).toEqual([3, 3]);
  const copy = await startRegistry({ root: to });
  const reader = new CampaignClient(copy.url);
  expect((await reader.ask("GET", "/v2/team/a/manifests/v1")).status).toBe(404);
  expect((await reader.ask("GET", `/v2/team/a/manifests/${image.digest}`)).body.equals(image.manifest)).toBe(true);
  expect(JSON.parse((await reader.ask("GET", "/v2/_catalog")).body.toString())).toEqual({ repositories: ["team/a", "team/b"] });
  reader.close();
  await copy.close();
  await writeFile(blobFile(sha256(image.layer)), "x");
  const report = await withCare((care) => care.scrub({ repairFrom: to }));
  expect(report.damaged).toMatchObject([{ outcome: "repaired" }]);
  const layer = `/v2/team/a/blobs/${sha256(image.layer)}`;
  expect((await client.ask("GET", layer)).body.toString()).toBe("kept twice");
  // What an earlier scrub has put aside is looked for, too.
  await writeFile(blobFile(sha256(image.layer)), "y");
  await withCare((care) => care.scrub({}));
  await expect(withCare((care) => care.scrub({ repairFrom: join(scratch, "nowhere") }))).rejects.toMatchObject({ code: "ROOT_INVALID" });
  expect((await withCare((care) => care.scrub({ repairFrom: to }))).damaged).toMatchObject([{ outcome: "repaired" }]);
  expect((await client.ask("GET", layer)).body.toString()).toBe("kept twice");
  expect((await withCare((care) => care.scrub({}))).damaged).toEqual([]);
});

test("a backup goes neither into the registry itself nor over another that is served", async () => {
  await pushImage("a", "v1", "mine");
  await symlink(root, join(scratch, "link"));
  for (const to of [root, join(root, "in", "it"), join(scratch, "link", "in"), join(scratch, "link")]) {
    await expect(
      withCare((care) => care.backup(to, {})),
      to,
    ).rejects.toMatchObject({ code: "ROOT_INVALID" });
  }
  const other = join(scratch, "served elsewhere");
  await using served = await startRegistry({ root: other });
  const theirs = new CampaignClient(served.url);
  await theirs.pushBlob("b", Buffer.from("theirs"));
  await expect(withCare((care) => care.backup(other, {}))).rejects.toMatchObject({ code: "ROOT_BUSY" });
  expect((await theirs.ask("GET", `/v2/b/blobs/${sha256(Buffer.from("theirs"))}`)).status).toBe(200);
  theirs.close();
});

test("retention keeps the newest tags and what hangs on them", async () => {
  for (const tag of ["v1", "v2", "v3", "keep-me"]) {
    await pushImage("team/app", tag, tag);
    const path = join(root, "repositories", "team+app", "tags", tag);
    clock += 1000;
    await nodeFiles.touch(path, clock);
  }
  const policy = { rules: [{ repositories: ["team/**"], tags: ["v*"], keepNewest: 1, untaggedDays: 0 }] };
  const dry = await withCare((care) => care.retain(policy, { dryRun: true }));
  expect(dry.tags.map((row) => row.tag)).toEqual(["v1", "v2"]);
  expect(dry.manifests).toHaveLength(2);
  clock += DAY_MS;
  const report = await withCare((care) => care.retain(policy, {}));
  expect(report.tags.map((row) => row.tag)).toEqual(["v1", "v2"]);
  const left = JSON.parse((await client.ask("GET", "/v2/team/app/tags/list")).body.toString()) as { tags: string[] };
  expect(left.tags).toEqual(["keep-me", "v3"]);
  expect(await readdir(join(root, "repositories", "team+app", "manifests"))).toHaveLength(2);
});

test("an upload goes on after a restart; one that nobody goes on with is removed", async () => {
  const bytes = Buffer.alloc(300_000, "resumable ");
  const opened = await client.ask("POST", "/v2/a/blobs/uploads/", Buffer.alloc(0));
  const location = String(opened.headers["location"]);
  await client.ask("PATCH", location, bytes.subarray(0, 100_000));
  const other = await client.ask("POST", "/v2/a/blobs/uploads/", Buffer.alloc(0));
  await client.ask("PATCH", String(other.headers["location"]), bytes.subarray(0, 10));
  await stop();
  await start();
  const status = await client.ask("GET", location);
  expect([status.status, status.headers["range"]]).toEqual([204, "0-99999"]);
  const rest = await client.ask("PATCH", location, bytes.subarray(100_000), { "Content-Range": "100000-299999" });
  expect(rest.status).toBe(202);
  expect((await client.ask("PUT", `${location}?digest=${sha256(bytes)}`, Buffer.alloc(0))).status).toBe(201);
  expect((await client.ask("GET", `/v2/a/blobs/${sha256(bytes)}`)).body.equals(bytes)).toBe(true);
  clock += 2 * DAY_MS;
  await withCare((care) => care.collect({ graceMs: 0 }));
  expect(await readdir(join(root, "uploads"))).toEqual([]);
});

test("uploads are refused before the disk is full and beyond a quota; deletes go on", async () => {
  const image = await pushImage("team/a", "v1", "fits");
  await stop();
  await start({ minFreeBytes: 2 ** 60 });
  const full = await client.pushBlob("team/a", Buffer.from("no room"));
  expect([full.status, full.body.toString().includes("INSUFFICIENT_STORAGE")]).toEqual([507, true]);
  expect((await client.ask("DELETE", `/v2/team/a/manifests/${image.digest}`)).status).toBe(202);
  await stop();
  await start({ quotas: { team: 1000 } });
  const over = await client.pushBlob("team/b", Buffer.alloc(2000, "x"));
  expect([over.status, over.body.toString().includes("DENIED")]).toEqual([403, true]);
  expect((await client.pushBlob("team/b", Buffer.alloc(500, "x"))).status).toBe(201);
  expect((await client.pushBlob("elsewhere", Buffer.alloc(2000, "x"))).status).toBe(201);
});

test("status counts what is unique and what is shared, served or not", async () => {
  await pushImage("a", "v1", "the same");
  await pushImage("b", "v1", "the same");
  const served = await withCare((care) => care.status());
  expect(served).toMatchObject({ repositories: 2, tags: 2, manifests: 2, blobs: 3 });
  expect(served.sharedBytes).toBe(served.uniqueBytes);
  await withCare((care) => care.scrub({}));
  await stop();
  const stopped = await withCare((care) => care.status());
  expect(stopped).toMatchObject({ repositories: 2, uniqueBytes: served.uniqueBytes, lastScrub: { checkedBlobs: 3, damaged: [] } });
  await start();
});

test("a folder that holds something else is refused, as is another version", async () => {
  const strange = join(scratch, "strange");
  await mkdir(strange);
  await writeFile(join(strange, "diary.txt"), "");
  await expect(startRegistry({ root: strange })).rejects.toMatchObject({
    code: "ROOT_INVALID",
    message: expect.stringContaining("diary.txt"),
  });
  const newer = join(scratch, "newer");
  await mkdir(newer);
  await writeFile(join(newer, "skerry-registry.json"), '{"layout":99}');
  await expect(startRegistry({ root: newer })).rejects.toMatchObject({ code: "ROOT_INVALID", message: expect.stringContaining("99") });
});

test("health, readiness, metrics, access and audit say what happened and no secret", async () => {
  await stop();
  const seen: object[] = [];
  await start({ onAccess: (entry) => seen.push(entry), onAudit: (entry) => seen.push({ audit: entry }) });
  await pushImage("a", "v1", "counted");
  expect((await client.ask("GET", "/healthz")).status).toBe(200);
  expect((await client.ask("GET", "/readyz")).status).toBe(200);
  const metrics = (await client.ask("GET", "/metrics")).body.toString();
  expect(metrics).toMatch(/skerry_registry_requests_total\{kind="manifest",method="PUT",status="201"\} 1/);
  const audited = seen.flatMap((entry) => ("audit" in entry ? [(entry.audit as { action: string }).action] : []));
  expect(audited).toEqual(["push-blob", "push-blob", "push-manifest"]);
  expect(JSON.stringify(seen)).not.toMatch(/digest=|authorization/i);
});

test("an older program opens a root that was closed, and refuses one that it would not understand", async () => {
  const version = (): Promise<string> => readFile(join(root, "skerry-registry.json"), "utf8");
  await stop();
  expect(await version()).toBe('{"layout":1}\n');
  await start();
  expect(await version()).toBe('{"layout":1}\n');
  await pushImage("a", "v1", "in the journal");
  expect(await version()).toBe('{"layout":2}\n');
  expect(await readdir(join(root, "journal"))).toHaveLength(1);
  await stop();
  expect(await version()).toBe('{"layout":1}\n');
  expect(await readdir(join(root, "journal"))).toEqual([]);
  // As the version before this one made it.
  await rmdir(join(root, "journal"));
  await start();
  expect((await client.ask("GET", "/v2/a/manifests/v1")).status).toBe(200);
  await pushImage("a", "v2", "later");
});

test("a copy that was served and killed is not backed up over", async () => {
  await pushImage("a", "v1", "first");
  const copy = join(scratch, "copy");
  await withCare((care) => care.backup(copy, {}));
  expect(await readFile(join(copy, "skerry-registry.json"), "utf8")).toBe('{"layout":1}\n');
  await writeFile(join(copy, "journal", "0000000000000001"), "");
  await expect(withCare((care) => care.backup(copy, {}))).rejects.toMatchObject({ hint: expect.stringContaining("registry status") });
  // As that command does.
  await (await openRegistryCare(copy))[Symbol.asyncDispose]();
  await withCare((care) => care.backup(copy, {}));
});
