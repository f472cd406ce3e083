import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { gzipSync } from "node:zlib";
import { addUser, type RunningRegistry, startRegistry, userFilesIn } from "@skerry/registry";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sha256 } from "./campaign.ts";
import { sendPlain } from "./plain-http.ts";

const folders = [...(process.env["PATH"] ?? "").split(delimiter), join(homedir(), "go", "bin")];

/** Path of a program, or undefined where it is not installed. */
function program(name: string): string | undefined {
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

let scratch: string;
let registry: RunningRegistry;
let locked: RunningRegistry;

beforeAll(async () => {
  // podman makes an image name out of a layout's path, so it must be in lower case.
  scratch = join(tmpdir(), `skerry-clients-${randomBytes(6).toString("hex")}`);
  await mkdir(scratch, { mode: 0o700 });
  await makeLayout(join(scratch, "layout"));
  // podman refuses a REGISTRY_AUTH_FILE that does not exist.
  await writeFile(join(scratch, "auth.json"), "{}");
  registry = await startRegistry({ root: join(scratch, "open") });
  const root = join(scratch, "locked");
  await addUser(userFilesIn(root), { name: "mirror", password: "let-me-in-please" });
  locked = await startRegistry({ root, auth: "htpasswd", tls: { kind: "auto" }, listen: "127.0.0.1:0" });
  await mkdir(join(scratch, "certs"));
  await writeFile(join(scratch, "certs", "ca.crt"), await readFile(join(root, "tls", "ca.crt")));
});

afterAll(async () => {
  await registry.close();
  await locked.close();
  await rm(scratch, { recursive: true, force: true });
});

/** Runs a client; its home is a folder of the test. */
function call(name: string, args: readonly string[], input = ""): Promise<string> {
  const path = program(name) ?? name;
  const env = {
    ...process.env,
    HOME: scratch,
    XDG_RUNTIME_DIR: scratch,
    REGISTRY_AUTH_FILE: join(scratch, "auth.json"),
    DOCKER_CONFIG: scratch,
  };
  return new Promise((resolve, reject) => {
    const child = execFile(path, args, { env, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${name} ${args.join(" ")}: ${stderr}`));
    });
    child.stdin?.end(input);
  });
}

/** A two-platform image in OCI media types. */
async function makeLayout(folder: string): Promise<void> {
  await mkdir(join(folder, "blobs", "sha256"), { recursive: true });
  const put = async (bytes: Buffer): Promise<{ digest: string; size: number }> => {
    const digest = sha256(bytes);
    await writeFile(join(folder, "blobs", "sha256", digest.slice(7)), bytes);
    return { digest, size: bytes.length };
  };
  const manifests: object[] = [];
  for (const architecture of ["amd64", "arm64"]) {
    const tar = tarOf("hello", Buffer.from(`hello from ${architecture}\n`));
    const layer = { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", ...(await put(gzipSync(tar))) };
    const text = { architecture, os: "linux", config: {}, rootfs: { type: "layers", diff_ids: [sha256(tar)] } };
    const config = { mediaType: "application/vnd.oci.image.config.v1+json", ...(await put(Buffer.from(JSON.stringify(text)))) };
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const stored = await put(Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [layer] })));
    manifests.push({ mediaType, ...stored, platform: { architecture, os: "linux" } });
  }
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const index = { mediaType, ...(await put(Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests })))) };
  const named = { ...index, annotations: { "org.opencontainers.image.ref.name": "latest" } };
  await writeFile(join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [named] }));
  await writeFile(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
}

/** One file as ustar. */
function tarOf(name: string, content: Buffer): Buffer {
  const head = Buffer.alloc(512);
  head.write(name);
  head.write("0000644\x000000\x000000\0", 100);
  head.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
  head.write(`${"0".repeat(11)}\0        0`, 136);
  head.write("ustar\x00", 257);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([head, content, Buffer.alloc(512 - (content.length % 512)), Buffer.alloc(1024)]);
}

async function rawAt(repository: string, reference: string): Promise<Buffer> {
  const answer = await sendPlain(registry.url, { method: "GET", path: `/v2/${repository}/manifests/${reference}` });
  expect(answer.status).toBe(200);
  return answer.body;
}

const engine = (): string[] => ["--root", join(scratch, "storage"), "--runroot", join(scratch, "run"), "--storage-driver", "vfs"];

describe.skipIf(program("skopeo") === undefined)("skopeo", () => {
  test("copies an index with all its images, in and out, byte for byte", async () => {
    const at = `docker://${registry.host}/skopeo/app`;
    await call("skopeo", ["copy", "--all", "--dest-tls-verify=false", `oci:${scratch}/layout:latest`, `${at}:v1`]);
    const raw = await call("skopeo", ["inspect", "--raw", "--tls-verify=false", `${at}:v1`]);
    expect(Buffer.from(raw).equals(await rawAt("skopeo/app", "v1"))).toBe(true);
    await call("skopeo", ["copy", "--all", "--src-tls-verify=false", `${at}:v1`, `dir:${scratch}/dir`]);
    expect((await readFile(join(scratch, "dir", "manifest.json"))).toString()).toBe(raw);
    const child = (JSON.parse(raw) as { manifests: { digest: string }[] }).manifests[1]?.digest ?? "";
    await call("skopeo", [
      "copy",
      "--src-tls-verify=false",
      "--dest-tls-verify=false",
      `${at}@${child}`,
      `docker://${registry.host}/skopeo/other:arm`,
    ]);
    expect(sha256(await rawAt("skopeo/other", "arm"))).toBe(child);
    expect(JSON.parse(await call("skopeo", ["list-tags", "--tls-verify=false", at]))).toMatchObject({ Tags: ["v1"] });
  });

  test("pushes Docker's media types, which stay as they are, and deletes", async () => {
    const at = `docker://${registry.host}/skopeo/docker:v2`;
    const choose = ["--override-arch", "amd64", "--format", "v2s2", "--dest-tls-verify=false"];
    await call("skopeo", ["copy", ...choose, `oci:${scratch}/layout:latest`, at]);
    const raw = JSON.parse((await rawAt("skopeo/docker", "v2")).toString()) as { mediaType: string };
    expect(raw.mediaType).toBe("application/vnd.docker.distribution.manifest.v2+json");
    await call("skopeo", ["delete", "--tls-verify=false", at]);
    expect((await sendPlain(registry.url, { method: "GET", path: "/v2/skopeo/docker/manifests/v2" })).status).toBe(404);
  });

  test("logs in and pushes with TLS and a password", async () => {
    const certs = ["--cert-dir", join(scratch, "certs")];
    await call("skopeo", ["login", ...certs, "-u", "mirror", "--password-stdin", locked.host], "let-me-in-please");
    const at = `docker://${locked.host}/team/app:v1`;
    await call("skopeo", ["copy", "--all", "--dest-cert-dir", join(scratch, "certs"), `oci:${scratch}/layout:latest`, at]);
    await call("skopeo", ["logout", locked.host]);
    await expect(call("skopeo", ["inspect", ...certs, at])).rejects.toThrow(/unauthorized|authentication/i);
  });
});

describe.skipIf(program("podman") === undefined)("podman", () => {
  test("pulls by tag and by digest, pushes, searches", async () => {
    const at = `${registry.host}/podman/app`;
    await call("podman", [...engine(), "pull", `oci:${scratch}/layout:latest`]);
    const [image = ""] = (await call("podman", [...engine(), "images", "-q", "--no-trunc"])).trim().split("\n");
    await call("podman", [...engine(), "push", "--tls-verify=false", image, `${at}:v1`]);
    const digest = sha256(await rawAt("podman/app", "v1"));
    for (const reference of [`${at}:v1`, `${at}@${digest}`])
      await call("podman", [...engine(), "pull", "-q", "--tls-verify=false", reference]);
    expect(await call("podman", [...engine(), "search", "--tls-verify=false", `${registry.host}/`])).toContain(at);
  });
});

describe.skipIf(program("buildah") === undefined)("buildah", () => {
  test("builds on nothing and pushes", async () => {
    const container = (await call("buildah", [...engine(), "from", "scratch"])).trim();
    const image = (await call("buildah", [...engine(), "commit", "-q", container])).trim();
    await call("buildah", [...engine(), "push", "--tls-verify=false", image, `docker://${registry.host}/buildah/app:v1`]);
    expect((await rawAt("buildah/app", "v1")).length).toBeGreaterThan(0);
  });
});

describe.skipIf(program("crane") === undefined || program("skopeo") === undefined)("crane", () => {
  test("copies, lists, tags, deletes and validates", async () => {
    const at = `${registry.host}/crane/app`;
    await call("skopeo", ["copy", "--all", "--dest-tls-verify=false", `oci:${scratch}/layout:latest`, `docker://${at}:v1`]);
    await call("crane", ["copy", "--insecure", `${at}:v1`, `${registry.host}/crane/copy:v1`]);
    expect((await rawAt("crane/copy", "v1")).equals(await rawAt("crane/app", "v1"))).toBe(true);
    await call("crane", ["tag", "--insecure", `${at}:v1`, "v2"]);
    expect((await call("crane", ["ls", "--insecure", at])).trim().split("\n")).toEqual(["v1", "v2"]);
    expect(await call("crane", ["catalog", "--insecure", registry.host])).toContain("crane/copy");
    expect((await call("crane", ["digest", "--insecure", `${at}:v2`])).trim()).toBe(sha256(await rawAt("crane/app", "v1")));
    expect(await call("crane", ["validate", "--insecure", "--remote", `${at}:v1`])).toContain("PASS");
    await call("crane", ["delete", "--insecure", `${at}:v2`]);
    expect((await call("crane", ["ls", "--insecure", at])).trim()).toBe("v1");
  });
});

describe.skipIf(program("regctl") === undefined || program("skopeo") === undefined)("regctl", () => {
  test("copies with referrers, and keeps artifacts", async () => {
    const at = `${registry.host}/regctl/app`;
    await call("regctl", ["registry", "set", registry.host, "--tls", "disabled"]);
    await call("skopeo", ["copy", "--all", "--dest-tls-verify=false", `oci:${scratch}/layout:latest`, `docker://${at}:v1`]);
    await call("regctl", ["artifact", "put", "--artifact-type", "text/x-note", "--subject", `${at}:v1`], "a note");
    const list = JSON.parse(await call("regctl", ["artifact", "list", `${at}:v1`, "--format", "{{json .}}"])) as {
      descriptors: { artifactType: string }[];
    };
    expect(list.descriptors.map((entry) => entry.artifactType)).toEqual(["text/x-note"]);
    await call("regctl", ["image", "copy", "--referrers", `${at}:v1`, `${registry.host}/regctl/copy:v1`]);
    expect((await rawAt("regctl/copy", "v1")).equals(await rawAt("regctl/app", "v1"))).toBe(true);
    const subject = sha256(await rawAt("regctl/copy", "v1"));
    const referrers = await sendPlain(registry.url, { method: "GET", path: `/v2/regctl/copy/referrers/${subject}` });
    expect((JSON.parse(referrers.body.toString()) as { manifests: unknown[] }).manifests).toHaveLength(1);
    expect(await call("regctl", ["tag", "ls", at])).toContain("v1");
    await call("regctl", ["tag", "delete", `${at}:v1`]);
    expect(await call("regctl", ["repo", "ls", registry.host])).toContain("regctl/app");
  });
});
