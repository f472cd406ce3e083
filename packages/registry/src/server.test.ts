import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestOf } from "@skerry/oci";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type RunningRegistry, startRegistry } from "./index.ts";

let root: string;
let registry: RunningRegistry;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "skerry-registry-"));
  registry = await startRegistry({ root });
});

afterEach(async () => {
  await registry.close();
  await rm(root, { recursive: true });
});

const OCI = "application/vnd.oci.image.manifest.v1+json";

async function ask(method: string, path: string, body?: Uint8Array | string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(new URL(path, registry.url), { method, headers, ...(body === undefined ? {} : { body }) });
}

async function pushBlob(repository: string, text: string): Promise<string> {
  const digest = digestOf(Buffer.from(text));
  const session = await ask("POST", `/v2/${repository}/blobs/uploads/`);
  expect(session.status).toBe(202);
  const put = await ask("PUT", `${session.headers.get("location")}?digest=${digest}`, text);
  expect(put.status).toBe(201);
  return digest;
}

function manifestOf(config: string, size: number, extra: object = {}): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI,
    config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: config, size },
    layers: [],
    ...extra,
  });
}

test("an image that was pushed comes back byte for byte, also after a restart", async () => {
  const config = await pushBlob("team/app", "{}");
  const manifest = manifestOf(config, 2);
  const put = await ask("PUT", "/v2/team/app/manifests/v1", manifest, { "content-type": OCI });
  expect(put.status).toBe(201);
  await registry.close();
  registry = await startRegistry({ root });
  const got = await ask("GET", "/v2/team/app/manifests/v1");
  expect([got.status, got.headers.get("content-type"), await got.text()]).toEqual([200, OCI, manifest]);
  expect(await (await ask("GET", `/v2/team/app/blobs/${config}`)).text()).toBe("{}");
  expect(await (await ask("GET", "/v2/_catalog")).json()).toEqual({ repositories: ["team/app"] });
  expect(await (await ask("GET", "/v2/team/app/tags/list")).json()).toEqual({ name: "team/app", tags: ["v1"] });
});

test("repositories whose names look like the store's own files are repositories like any other", async () => {
  for (const name of ["a", "a/index.json", "a/tags", "a/manifests/x", "blobs/uploads/b"]) {
    const config = await pushBlob(name, `{"of":"${name}"}`);
    const manifest = manifestOf(config, 10);
    expect((await ask("PUT", `/v2/${name}/manifests/latest`, manifest)).status).toBe(201);
    expect(await (await ask("GET", `/v2/${name}/manifests/latest`)).text()).toBe(manifest);
  }
});

test("what one repository holds is not readable through another until it is mounted", async () => {
  const digest = await pushBlob("one", "content");
  expect((await ask("GET", `/v2/two/blobs/${digest}`)).status).toBe(404);
  expect((await ask("POST", `/v2/two/blobs/uploads/?mount=${digest}&from=three`)).status).toBe(202);
  expect((await ask("POST", `/v2/two/blobs/uploads/?mount=${digest}&from=one`)).status).toBe(201);
  expect(await (await ask("GET", `/v2/two/blobs/${digest}`)).text()).toBe("content");
  expect((await ask("DELETE", `/v2/two/blobs/${digest}`)).status).toBe(202);
  expect((await ask("HEAD", `/v2/two/blobs/${digest}`)).status).toBe(404);
  expect((await ask("HEAD", `/v2/one/blobs/${digest}`)).status).toBe(200);
});

test("deleting a manifest takes its tags, and the repository with the last one", async () => {
  const manifest = manifestOf(await pushBlob("app", "{}"), 2);
  for (const tag of ["a", "b"]) await ask("PUT", `/v2/app/manifests/${tag}`, manifest);
  expect((await ask("DELETE", "/v2/app/manifests/b")).status).toBe(202);
  expect(await (await ask("GET", "/v2/app/tags/list")).json()).toEqual({ name: "app", tags: ["a"] });
  expect((await ask("DELETE", `/v2/app/manifests/${digestOf(Buffer.from(manifest))}`)).status).toBe(202);
  expect((await ask("GET", "/v2/app/manifests/a")).status).toBe(404);
  expect(await (await ask("GET", "/v2/_catalog")).json()).toEqual({ repositories: [] });
});

test("referrers follow pushes and deletes", async () => {
  const config = await pushBlob("app", "{}");
  const subject = digestOf(Buffer.from("anything"));
  const referrer = manifestOf(config, 2, {
    artifactType: "text/x",
    subject: { mediaType: OCI, digest: subject, size: 8 },
    annotations: { k: "v" },
  });
  const digest = digestOf(Buffer.from(referrer));
  const put = await ask("PUT", `/v2/app/manifests/${digest}`, referrer);
  expect(put.headers.get("oci-subject")).toBe(subject);
  const list = async (query = ""): Promise<unknown> =>
    ((await (await ask("GET", `/v2/app/referrers/${subject}${query}`)).json()) as { manifests: unknown }).manifests;
  expect(await list()).toEqual([{ mediaType: OCI, digest, size: referrer.length, artifactType: "text/x", annotations: { k: "v" } }]);
  expect(await list("?artifactType=other")).toEqual([]);
  await ask("DELETE", `/v2/app/manifests/${digest}`);
  expect(await list()).toEqual([]);
});

test("lists are in byte order and continue with Link", async () => {
  const manifest = manifestOf(await pushBlob("app", "{}"), 2);
  for (const tag of ["b", "B", "a", "_", "1"]) await ask("PUT", `/v2/app/manifests/${tag}`, manifest);
  const seen: string[] = [];
  for (let path: string | undefined = "/v2/app/tags/list?n=2"; path !== undefined; ) {
    const page: Response = await ask("GET", path);
    seen.push(...((await page.json()) as { tags: string[] }).tags);
    path = /<(.*)>/.exec(page.headers.get("link") ?? "")?.[1];
  }
  expect(seen).toEqual(["1", "B", "_", "a", "b"]);
});

test("a second registry on the same root is refused by naming the first", async () => {
  await expect(startRegistry({ root })).rejects.toMatchObject({ code: "ROOT_BUSY", message: expect.stringContaining("process") });
});

test("wrong bytes are refused and leave nothing", async () => {
  const session = await ask("POST", "/v2/app/blobs/uploads/");
  const digest = digestOf(Buffer.from("right"));
  expect((await ask("PUT", `${session.headers.get("location")}?digest=${digest}`, "wrong")).status).toBe(400);
  expect((await ask("GET", `/v2/app/blobs/${digest}`)).status).toBe(404);
});
