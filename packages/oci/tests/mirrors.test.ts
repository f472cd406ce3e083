import { expect, test } from "vitest";
import { parseRegistriesConf, Registries } from "../src/index.ts";
import { collect, failure, QuickClock, sampleBlob, sampleManifest } from "./quirk-bench.ts";
import { type Reply, ScriptedServer, type Step } from "./scripted-server.ts";

const manifest = sampleManifest();
const blob = sampleBlob(3000);
const found: Reply = {
  headers: {
    "Content-Type": manifest.mediaType,
    "Docker-Content-Digest": manifest.digest,
    "Content-Length": String(manifest.bytes.length),
  },
};
const at = { repository: "org/app" };

/** A mirror before a registry, both scripted; the name read is `upstream.test/org/app`. */
async function mirrored(
  scripts: { readonly mirror: readonly Step[]; readonly primary: readonly Step[]; readonly only?: string },
  run: (net: Registries) => Promise<void>,
): Promise<void> {
  await using mirror = await ScriptedServer.start(scripts.mirror);
  await using primary = await ScriptedServer.start(scripts.primary);
  const conf = `
[[registry]]
prefix = "upstream.test"
location = "${primary.host}/real"
insecure = true
[[registry.mirror]]
location = "${mirror.host}/copy"
insecure = true
${scripts.only === undefined ? "" : `pull-from-mirror = "${scripts.only}"`}
`;
  await using net = new Registries({ registriesConf: parseRegistriesConf(conf), clock: new QuickClock(), retries: 1 });
  await run(net);
  expect([...mirror.faults, ...primary.faults]).toEqual([]);
  expect([...mirror.remaining, ...primary.remaining]).toEqual([]);
}

const head = (prefix: string, name = "v1"): { method: string; path: string } => ({
  method: "HEAD",
  path: `/v2/${prefix}/org/app/manifests/${name}`,
});
const get = (prefix: string): { method: string; path: string } => ({
  method: "GET",
  path: `/v2/${prefix}/org/app/blobs/${blob.descriptor.digest}`,
});

test("the mirror is asked first and alone when it has what is wanted", () =>
  mirrored({ mirror: [{ ...head("copy"), reply: found }], primary: [] }, async (net) => {
    expect((await net.reader("upstream.test").resolve(at, "v1"))?.digest).toBe(manifest.digest);
  }));

test.each([404, 403, 500])("a mirror that answers %i is passed over", (status) =>
  mirrored(
    {
      mirror: [
        { ...head("copy"), reply: { status }, times: status === 500 ? 2 : 1 },
        ...(status === 403 ? [{ method: "GET", path: "/v2/copy/org/app/manifests/v1", reply: { status } }] : []),
      ],
      primary: [{ ...head("real"), reply: found }],
    },
    async (net) => {
      expect(await net.reader("upstream.test").resolve(at, "v1")).toBeDefined();
    },
  ),
);

test("a tag is not resolved through a digest-only mirror", () =>
  mirrored(
    { mirror: [{ ...head("copy", manifest.digest), reply: found }], primary: [{ ...head("real"), reply: found }], only: "digest-only" },
    async (net) => {
      await net.reader("upstream.test").resolve(at, "v1");
      await net.reader("upstream.test").resolve(at, manifest.digest);
    },
  ));

test("a blob that a mirror breaks off is continued at the registry, at the same byte", () =>
  mirrored(
    {
      mirror: [
        { ...get("copy"), reply: { body: blob.bytes, closeAfter: 1000 } },
        { ...get("copy"), reply: { status: 404 } },
      ],
      primary: [
        {
          ...get("real"),
          headers: { range: "bytes=1000-", "if-range": undefined },
          reply: { status: 206, headers: { "Content-Range": "bytes 1000-2999/3000" }, body: blob.bytes.subarray(1000) },
        },
      ],
    },
    async (net) => {
      expect(await collect(net.reader("upstream.test").blob(at, blob.descriptor).open(0))).toEqual(blob.bytes);
    },
  ));

test("what neither has is not there; the last fault counts", () =>
  mirrored(
    {
      mirror: [{ ...head("copy"), reply: { status: 404 }, times: 2 }],
      primary: [
        { ...head("real"), reply: { status: 404 } },
        { ...head("real"), reply: { status: 410 } },
      ],
    },
    async (net) => {
      expect(await net.reader("upstream.test").resolve(at, "v1")).toBeUndefined();
      expect(await failure(net.reader("upstream.test").resolve(at, "v1"))).toMatchObject({ status: 410 });
    },
  ));

test("a writer goes where it says, past every rule", async () => {
  await using target = await ScriptedServer.start([{ method: "HEAD", path: `/v2/org/app/blobs/${blob.descriptor.digest}`, reply: {} }]);
  const conf = parseRegistriesConf(`[[registry]]\nlocation = "${target.host}"\nblocked = true\n`);
  await using net = new Registries({ registriesConf: conf, insecureHosts: [target.host] });
  expect(await net.writer(target.host).has(at, blob.descriptor)).toBe(true);
  expect(await failure(net.reader(target.host).resolve(at, "v1"))).toMatchObject({ code: "BLOCKED" });
});
