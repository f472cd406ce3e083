import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Descriptor,
  digestOf,
  isOciError,
  type ManifestBytes,
  MEDIA_TYPES,
  Registries,
  type RegistryStore,
  verified,
} from "../src/index.ts";
import { isWorthRetrying } from "../src/transfer/retry.ts";
import { bodyOf, collect, failure, sampleManifest, USER } from "./quirk-bench.ts";

/** `user` with the password `secret-word`, by bcrypt. */
const HTPASSWD = "user:$2y$04$LiivAiSPJ75OddI5iwTl/u3uuyN.bu70zFqPpujWb0dwbLs/I9QKm\n";
/** distribution under the names it is installed by: Debian's package, and the module's own. */
const SERVERS = [
  { title: "docker-registry of Debian (distribution 2.8)", program: find("docker-registry") },
  { title: "registry of distribution 3", program: find("registry") },
];

describe.each(SERVERS)("$title, with a password", ({ program }) => {
  const folder = mkdtempSync(join(tmpdir(), "skerry-distribution-"));
  let child: ChildProcess | undefined;
  let host = "";
  let net: Registries;
  const live = test.skipIf(program === undefined);
  let store: RegistryStore;
  const at = { repository: "org/app" };

  beforeAll(async () => {
    const port = await freePort();
    host = `127.0.0.1:${port}`;
    writeFileSync(join(folder, "htpasswd"), HTPASSWD);
    const config = join(folder, "config.yml");
    writeFileSync(
      config,
      `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${folder}/data}, delete: {enabled: true}}\nhttp: {addr: "${host}"}\nauth: {htpasswd: {realm: r, path: ${folder}/htpasswd}}\n`,
    );
    if (program === undefined) return;
    child = spawn(program, ["serve", config], { stdio: "ignore", env: { ...process.env, OTEL_TRACES_EXPORTER: "none" } });
    net = new Registries({ insecureHosts: [host], credentials: USER });
    for (let attempt = 0; attempt < 100; attempt++) {
      try {
        await net.ping(host);
        break;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    await net.close();
    net = new Registries({ insecureHosts: [host], credentials: USER });
    store = net.writer(host);
  });

  afterAll(async () => {
    await net?.close();
    child?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  async function put(bytes: Buffer, mediaType: string, to = at): Promise<Descriptor> {
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
    const write = await store.begin(to, descriptor);
    await write.append(verified(bodyOf(bytes, 40_000), descriptor));
    await write.commit();
    return descriptor;
  }

  live("an image goes there and back, with two requests a blob", async () => {
    const bytes = Buffer.alloc(300_000, 7);
    const layer = await put(bytes, MEDIA_TYPES.ociLayerGzip);
    const config = await put(Buffer.from("{}"), MEDIA_TYPES.ociConfig);
    const document = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, config, layers: [layer] }));
    const manifest: ManifestBytes = { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf(document), bytes: document };
    await store.putManifest(at, { ...manifest, size: document.length }, manifest, ["v1"]);
    // One refusal teaches the scheme.
    expect(net.requests()).toEqual({ [host]: { POST: 3, PUT: 3 } });
    const reader = net.reader(host);
    expect(await reader.resolve(at, "v1")).toEqual({ mediaType: MEDIA_TYPES.ociManifest, digest: manifest.digest, size: document.length });
    expect(Buffer.from((await reader.manifest(at, { ...manifest, size: document.length })).bytes)).toEqual(document);
    expect(await collect(reader.blob(at, layer).open(0))).toEqual(bytes);
    expect(await collect(reader.blob(at, layer).open(299_990))).toEqual(bytes.subarray(299_990));
    expect(await Array.fromAsync(reader.tags(at))).toEqual(["v1"]);
    expect(await Array.fromAsync(reader.repositories())).toEqual(["org/app"]);
  });

  live("a broken-off upload is continued where the registry stands", async () => {
    const bytes = Buffer.from(Array.from({ length: 600_000 }, (_, index) => (index * 31) & 255));
    const descriptor = { mediaType: "application/octet-stream", digest: digestOf(bytes), size: bytes.length };
    const write = await store.begin(at, descriptor);
    await failure(
      write.append(
        (async function* () {
          yield bytes.subarray(0, 200_000);
          yield bytes.subarray(200_000, 400_000);
          throw Object.assign(new Error("gone"), { code: "ECONNRESET" });
        })(),
      ),
    );
    await persist(() => write.append(bodyOf(bytes.subarray(write.offset))));
    await write.commit();
    expect(await collect(net.reader(host).blob(at, descriptor).open(0))).toEqual(bytes);
  });

  live("a blob is mounted; one that is not there is declined, and the upload it opened is used", async () => {
    const bytes = Buffer.from("shared base");
    const base = await put(bytes, MEDIA_TYPES.ociLayerGzip, { repository: "org/base" });
    expect(await store.mount(at, base, { repository: "org/base" })).toBe(true);
    expect(await store.has(at, base)).toBe(true);
    const other = Buffer.from("not there");
    expect(await store.mount(at, { ...base, digest: digestOf(other), size: other.length }, { repository: "org/base" })).toBe(false);
    const before = net.requests()[host]?.["POST"];
    await put(other, MEDIA_TYPES.ociLayerGzip);
    expect(net.requests()[host]?.["POST"]).toBe(before);
  });

  live("bytes that do not match their digest are refused and not kept", async () => {
    const bytes = Buffer.from("wrong");
    const descriptor = { mediaType: "x", digest: digestOf(Buffer.from("right")), size: bytes.length };
    const write = await store.begin(at, descriptor);
    expect(await failure(write.append(bodyOf(bytes)))).toMatchObject({ code: "DIGEST_MISMATCH" });
    await write.drop();
    expect(await store.has(at, descriptor)).toBe(false);
  });

  live("a manifest without its blobs is MANIFEST_BLOB_UNKNOWN; a sparse index is SPARSE_REFUSED", async () => {
    const lonely = sampleManifest("lonely");
    expect(await failure(store.putManifest(at, lonely.descriptor, lonely, ["lonely"]))).toMatchObject({
      registryCode: "MANIFEST_BLOB_UNKNOWN",
    });
    const document = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [lonely.descriptor] }));
    const index = { mediaType: MEDIA_TYPES.ociIndex, digest: digestOf(document), bytes: document };
    expect(await failure(store.putManifest(at, { ...index, size: document.length }, index, ["sparse"]))).toMatchObject({
      code: "SPARSE_REFUSED",
    });
  });

  live("referrers live in the tag schema, there and back, two at once without losing one", async () => {
    const config = await put(Buffer.from("{}"), MEDIA_TYPES.ociEmpty);
    const subject = (await net.reader(host).resolve(at, "v1")) as Descriptor;
    const artifacts = ["one", "two", "three"].map((name): ManifestBytes => {
      const bytes = Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: MEDIA_TYPES.ociManifest,
          artifactType: `application/${name}`,
          config,
          layers: [],
          subject,
          annotations: { name },
        }),
      );
      return { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf(bytes), bytes };
    });
    await Promise.all(artifacts.map((artifact) => store.putManifest(at, { ...artifact, size: artifact.bytes.length }, artifact, [])));
    const listed = await Array.fromAsync(net.reader(host).referrers(at, subject.digest));
    expect(listed.map((one) => [one.artifactType, one.annotations?.["name"]]).sort()).toEqual([
      ["application/one", "one"],
      ["application/three", "three"],
      ["application/two", "two"],
    ]);
  });

  live("the right to push is probed and leaves nothing; a wrong password is UNAUTHORIZED", async () => {
    await store.probePush({ repository: "fresh/place" });
    expect(await Array.fromAsync(net.reader(host).repositories())).not.toContain("fresh/place");
    await using stranger = new Registries({
      insecureHosts: [host],
      credentials: { find: () => Promise.resolve({ kind: "basic", username: "user", password: "wrong" }) },
    });
    expect(await failure(stranger.writer(host).probePush(at))).toMatchObject({ code: "UNAUTHORIZED" });
  });

  live("a deleted manifest is gone", async () => {
    const found = (await store.resolve(at, "v1")) as Descriptor;
    await store.delete(at, found.digest);
    expect(await store.resolve(at, "v1")).toBeUndefined();
  });
});

/** Goes on as a copy does: a registry may still be writing what a broken-off request brought when it says where it stands. */
async function persist(append: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await append();
    } catch (error) {
      if (attempt === 10 || !isOciError(error) || !isWorthRetrying(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** The program on the PATH or among Go's own. */
function find(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), join(homedir(), "go/bin")];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
