import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addUser, startRegistry, userFilesIn } from "@skerry/registry";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Captured, runInWorld } from "../../packages/cli/src/testing/world.ts";
import { CampaignClient, manifestOver, sha256 } from "./campaign.ts";
import { sendPlain } from "./plain-http.ts";

let scratch: string;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), "skerry-commands-"));
});
afterEach(async () => {
  await rm(scratch, { recursive: true });
});

function skerry(...args: string[]): Promise<Captured> {
  return runInWorld(["registry", ...args], { cwd: scratch, stdin: "a good password\n" });
}

/** Serves while `work` runs; returns how it ended. */
async function serving(listen: string, work: (url: string) => Promise<void>): Promise<Captured> {
  const stop = new AbortController();
  const log = join(scratch, "access.jsonl");
  const running = runInWorld(["registry", "serve", "--listen", listen, "--access-log", log], {
    cwd: scratch,
    signal: stop.signal,
    stdin: "",
  });
  try {
    await work(`http://${listen}`);
  } finally {
    stop.abort();
  }
  return running;
}

test("users are added, listed and removed; the list shows no hash", async () => {
  expect((await skerry("user", "add", "mirror", "--write", "ocp/**", "--password-stdin")).code).toBe(0);
  expect((await skerry("user", "add", "bad name", "--password-stdin")).code).toBe(2);
  const listed = await skerry("user", "list", "-o", "json");
  expect(JSON.parse(listed.stdout)).toMatchObject({ kind: "RegistryUserList", users: [{ name: "mirror", read: [], write: ["ocp/**"] }] });
  expect(listed.stdout).not.toContain("$2");
  expect((await skerry("user", "remove", "mirror")).code).toBe(0);
  expect((await skerry("user", "remove", "mirror")).code).toBe(1);
  expect(await readFile(join(scratch, "registry", "htpasswd"), "utf8")).toBe("");
});

test("care from the command line: status, collection, scrub with its exit code, backup", async () => {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  await serving(`127.0.0.1:${port}`, async (url) => {
    const client = new CampaignClient(url);
    for (let tries = 0; tries < 200; tries += 1) {
      if (
        await client.ask("GET", "/v2/").then(
          () => true,
          () => false,
        )
      )
        break;
      await new Promise<void>((resolve) => {
        setTimeout(resolve, 20);
      });
    }
    const layer = Buffer.from("a layer");
    await client.pushBlob("app", layer);
    expect((await client.pushManifest("app", "v1", manifestOver(layer, [layer]))).status).toBe(201);
    const status = JSON.parse((await skerry("status", "-o", "json")).stdout) as object;
    expect(status).toMatchObject({ kind: "RegistryStatus", serving: true, repositories: 1, tags: 1 });
    const afar = JSON.parse((await skerry("status", "--root", url, "-o", "json")).stdout) as object;
    expect(afar).toMatchObject({ repositories: 1, tags: 1, uniqueBytes: null });
    expect(JSON.parse((await skerry("gc", "--dry-run", "--grace", "0s", "-o", "json")).stdout)).toMatchObject({
      kind: "RegistryCollection",
      blobs: 0,
    });
    expect((await skerry("scrub")).code).toBe(0);
    await writeFile(join(scratch, "registry", "blobs", "sha256", sha256(layer).slice(7)), "b layer");
    expect((await skerry("scrub")).code).toBe(5);
    await client.pushBlob("app", layer);
    expect((await skerry("backup", "--to", "copy")).code).toBe(0);
    client.close();
  });
  expect(JSON.parse((await skerry("status", "--root", "copy", "-o", "json")).stdout)).toMatchObject({ serving: false, blobs: 2 });
  expect((await readFile(join(scratch, "registry", "audit.jsonl"), "utf8")).trim().split("\n")).toHaveLength(3);
});

test("others are reached with what the machine has for them: CAs, certs.d and credentials", async () => {
  const root = join(scratch, "far");
  const files = userFilesIn(root);
  await addUser(files, { name: "mirror", password: "a good password", write: ["**"] });
  const far = await startRegistry({ root, tls: { kind: "auto" }, auth: "htpasswd", hosts: ["127.0.0.1"] });
  const host = `127.0.0.1:${far.port}`;
  const layer = Buffer.from("healed from afar");
  try {
    const ca = join(root, "tls", "ca.crt");
    const status = (...args: string[]): Promise<Captured> => skerry("status", "--root", `https://${host}`, "-o", "json", ...args);
    const unknown = await status();
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining("--ca")]);
    const auth = join(scratch, "auth.json");
    await writeFile(auth, JSON.stringify({ auths: { [host]: { auth: Buffer.from("mirror:a good password").toString("base64") } } }));
    expect(JSON.parse((await status("--ca", ca, "-a", auth)).stdout)).toMatchObject({ serving: true, repositories: 0 });

    const headers = { authorization: `Basic ${Buffer.from("mirror:a good password").toString("base64")}` };
    const path = `/v2/app/blobs/uploads/?digest=${sha256(layer)}`;
    expect((await sendPlain(far.url, { method: "POST", path, headers, body: layer, ca: await readFile(ca, "utf8") })).status).toBe(201);
    const near = await startRegistry({ root: join(scratch, "near") });
    const client = new CampaignClient(near.url);
    await client.pushBlob("app", layer);
    await client.pushManifest("app", "v1", manifestOver(layer, [layer]));
    client.close();
    await near.close();
    const file = join(scratch, "near", "blobs", "sha256", sha256(layer).slice("sha256:".length));
    await writeFile(file, "healed from nowhere");
    const certs = join(scratch, "config", "containers", "certs.d", host);
    await mkdir(certs, { recursive: true });
    await copyFile(ca, join(certs, "ca.crt"));
    const env = { XDG_CONFIG_HOME: join(scratch, "config"), REGISTRY_AUTH_FILE: auth };
    const scrub = ["registry", "scrub", "--root", "near", "--repair-from", `docker://${host}`, "-o", "json"];
    const healed = await runInWorld(scrub, { cwd: scratch, env, stdin: "" });
    expect(JSON.parse(healed.stdout)).toMatchObject({ damaged: [{ outcome: "repaired" }] });
    expect(await readFile(file, "utf8")).toBe(layer.toString());
  } finally {
    await far.close();
  }
});

test("wrong use is refused before anything happens", async () => {
  await mkdir(join(scratch, "registry"));
  expect((await skerry("gc")).code).not.toBe(0);
  expect((await skerry("serve", "--listen", "0.0.0.0:0", "--tls", "off", "--auth", "none")).code).toBe(4);
  await writeFile(join(scratch, "settings.yaml"), "lisen: :5000\n");
  const settings = await skerry("serve", "--config", "settings.yaml");
  expect([settings.code, settings.stderr.includes("lisen")]).toEqual([2, true]);
});

test("the unit is hardened and quotes what it is given", async () => {
  const unit = (await skerry("systemd", "--root", "/srv/my mirror", "--host", "mirror.example.com")).stdout;
  expect(unit).toContain('"/srv/my mirror"');
  expect(unit).toContain("ProtectSystem=strict");
  expect(unit).toContain("--host mirror.example.com");
});
