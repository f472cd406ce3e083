import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Descriptor, digestOf, MEDIA_TYPES, parseManifest } from "@skerry/oci";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CatalogFile } from "../types.ts";
import { type BuildCatalogImageOptions, type BuiltImage, buildCatalogImage } from "./build-image.ts";
import { fetchCatalogImage } from "./fetch-catalog.ts";
import { imageConfig, platformImages } from "./image-manifest.ts";
import { LABELS } from "./kind.ts";
import { readCatalogImage } from "./read-catalog-image.ts";
import { collect, TestStore, testLayer } from "./test-image.ts";

let workdir = "";
beforeEach(async () => {
  workdir = await mkdtemp(join(tmpdir(), "skerry-build-"));
});
afterEach(() => rm(workdir, { recursive: true, force: true }));

const place = { repository: "any" };

function* files(content: Readonly<Record<string, string>>): Generator<CatalogFile> {
  for (const [path, text] of Object.entries(content)) {
    yield {
      path,
      content: (async function* () {
        yield Buffer.from(text);
      })(),
    };
  }
}

const AMBER = `{"schema":"olm.package","name":"amber","defaultChannel":"stable"}
{"schema":"olm.channel","name":"stable","package":"amber","entries":[{"name":"amber.v1.0.0"}]}
{"schema":"olm.bundle","name":"amber.v1.0.0","package":"amber","image":"quay.io/a/b:1","properties":[{"type":"olm.package","value":{"packageName":"amber","version":"1.0.0"}}]}`;

/** A catalog image as opm's Dockerfile makes it, for two architectures. */
async function source(options: { docker?: boolean; directory?: string } = {}): Promise<{ store: TestStore; descriptor: Descriptor }> {
  const store = new TestStore();
  const directory = options.directory ?? "configs";
  const children: Descriptor[] = [];
  for (const architecture of ["s390x", "amd64"]) {
    const image = await store.image({
      layers: [
        await testLayer({ "bin/opm": architecture }),
        await testLayer({ [`${directory}/old/catalog.json`]: AMBER, "tmp/cache/digest": "x" }),
      ],
      labels: { [LABELS.configs]: `/${directory}`, maintainer: "test" },
      config: { Entrypoint: ["/bin/opm"], Cmd: ["serve", `/${directory}`, "--cache-dir=/tmp/cache"] },
      docker: options.docker === true,
      architecture,
    });
    children.push({ ...image, platform: { os: "linux", architecture } });
  }
  return { store, descriptor: store.index(children, options.docker === true ? MEDIA_TYPES.dockerList : MEDIA_TYPES.ociIndex) };
}

async function over(options: Partial<BuildCatalogImageOptions> = {}, from: Parameters<typeof source>[0] = {}): Promise<BuiltImage> {
  const { store, descriptor } = await source(from);
  return buildCatalogImage({
    mode: "over-source",
    source: { reader: store, place: store.place, descriptor },
    files: files({ "amber/catalog.json": AMBER }),
    workdir,
    ...options,
  });
}

async function configs(built: BuiltImage): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  for await (const image of platformImages({ reader: built.reader, place, descriptor: built.root })) {
    found.push((await imageConfig({ reader: built.reader, place }, image.manifest)) as Record<string, unknown>);
  }
  return found;
}

describe("buildCatalogImage over a source", () => {
  it.each([false, true])("replaces the catalog on every platform and drops the cache (docker: %s)", async (docker) => {
    const built = await over({}, { docker });
    const root = await built.reader.manifest(place, built.root);
    expect(root.mediaType).toBe(docker ? MEDIA_TYPES.dockerList : MEDIA_TYPES.ociIndex);
    const index = parseManifest(root.bytes, root.mediaType);
    expect(index.kind === "index" && index.manifests.map((child) => child.platform?.architecture)).toEqual(["s390x", "amd64"]);
    for (const config of await configs(built)) {
      expect(config).toMatchObject({
        created: "2024-05-06T07:08:09Z",
        config: { Entrypoint: ["/bin/opm"], Cmd: ["serve", "/configs"], Labels: { [LABELS.configs]: "/configs", maintainer: "test" } },
      });
      expect(config["history"]).toHaveLength(4);
      expect((config["rootfs"] as { diff_ids: string[] }).diff_ids).toHaveLength(4);
    }
    const back = await readCatalogImage(built.reader, { place, descriptor: built.root }, { workdir, name: "built" });
    expect(back.packages.map((info) => info.name)).toEqual(["amber"]);
    expect(back.problems).toEqual([]);
    await back.close();
    await built.close();
    expect(await readdir(workdir)).toEqual([]);
  });

  it("has layers whose digests, sizes and diff ids are true, and which lie in every image once", async () => {
    const built = await over();
    const seen = new Set<string>();
    for await (const image of platformImages({ reader: built.reader, place, descriptor: built.root })) {
      const config = (await imageConfig({ reader: built.reader, place }, image.manifest)) as { rootfs: { diff_ids: string[] } };
      for (const [position, layer] of image.manifest.layers.entries()) {
        const bytes = await collect(built.reader.blob(place, layer).open(0));
        expect([digestOf(bytes), bytes.byteLength]).toEqual([layer.digest, layer.size]);
        if (position >= 2) expect(digestOf(gunzipSync(bytes))).toBe(config.rootfs.diff_ids[position]);
        if (position >= 2) seen.add(layer.digest);
      }
    }
    expect(seen.size).toBe(2);
    await built.close();
  });

  it("moves a catalog that lay elsewhere and changes the command with it", async () => {
    const built = await over({}, { directory: "opt/operators" });
    const [config] = await configs(built);
    expect(config).toMatchObject({ config: { Cmd: ["serve", "/configs"], Labels: { [LABELS.configs]: "/configs" } } });
    const fetched = await fetchCatalogImage({ reader: built.reader, place, descriptor: built.root }, { workdir, name: "built" });
    expect(await readdir(fetched.path)).toEqual(["amber"]);
    await fetched.close();
    await built.close();
  });

  it("builds for the wanted platforms, and reads nothing of layers it keeps", async () => {
    const { store, descriptor } = await source();
    const built = await buildCatalogImage({
      mode: "over-source",
      source: { reader: store, place: store.place, descriptor },
      files: files({ a: "{}" }),
      platforms: (platform) => platform.architecture === "amd64",
      workdir,
    });
    expect(await configs(built)).toHaveLength(1);
    expect(store.reads.filter((read) => read.startsWith("blob")).length).toBe(1);
    await expect(over({ platforms: () => false })).rejects.toMatchObject({ code: "CATALOG_UNREADABLE" });
    await built.close();
  });

  it("refuses an image that is no file-based catalog, by saying what it is", async () => {
    const store = new TestStore();
    const descriptor = await store.image({ layers: [], labels: { [LABELS.database]: "/database/index.db" } });
    const build = buildCatalogImage({ mode: "over-source", source: { reader: store, place: store.place, descriptor }, files: [], workdir });
    await expect(build).rejects.toMatchObject({ code: "CATALOG_UNREADABLE", message: expect.stringContaining("holds a database") });
    expect(await readdir(workdir)).toEqual([]);
  });
});

describe("buildCatalogImage from scratch", () => {
  it("holds the catalog alone, for the four platforms or those of the source", async () => {
    const built = await buildCatalogImage({ mode: "scratch", files: files({ "amber/catalog.json": AMBER }), workdir });
    expect((await configs(built)).map((config) => config["architecture"])).toEqual(["amd64", "arm64", "ppc64le", "s390x"]);
    await built.close();
    const { store, descriptor } = await source();
    const like = await buildCatalogImage({
      mode: "scratch",
      source: { reader: store, place: store.place, descriptor },
      files: files({ "amber/catalog.json": AMBER }),
      workdir,
    });
    expect((await configs(like)).map((config) => config["architecture"])).toEqual(["s390x", "amd64"]);
    await like.close();
  });

  it("has the same digest whatever the order and the chunks of its files", async () => {
    const contents = { "b/catalog.json": "2".repeat(200_000), "a/catalog.json": "1", "a-b/catalog.json": "3" };
    const one = await buildCatalogImage({ mode: "scratch", files: files(contents), workdir });
    const two = await buildCatalogImage({
      mode: "scratch",
      files: chunked(Object.fromEntries(Object.entries(contents).toReversed())),
      workdir,
    });
    expect(two.root).toEqual(one.root);
    // Pinned: a different digest means that every catalog ever built changes its name.
    expect(one.root.digest).toBe("sha256:866f49674fb0013d75b97021c7f2848c6ed1a5cfebf76ce520f8a0cd54bfdd3d");
    await one.close();
    await two.close();
  });

  it("refuses two files of one name and paths that leave the catalog", async () => {
    for (const paths of [["../x"], ["/x"], ["a//b"], [""], ["a", "a"]]) {
      const twice = paths.map((path) => ({ path, content: (async function* () {})() }));
      await expect(buildCatalogImage({ mode: "scratch", files: twice, workdir })).rejects.toMatchObject({ code: "PATH_UNSAFE" });
    }
    expect(await readdir(workdir)).toEqual([]);
  });
});

describe("fetchCatalogImage", () => {
  it("reads linux/amd64, skips attestations and absent children, and says where another platform differs", async () => {
    const store = new TestStore();
    const layer = await testLayer({ "configs/a.json": AMBER });
    const amd64 = await store.image({ layers: [layer], labels: { [LABELS.configs]: "/configs" } });
    const arm64 = await store.image({
      layers: [await testLayer({ "configs/a.json": "{}" })],
      labels: { [LABELS.configs]: "/configs" },
      architecture: "arm64",
    });
    const absent = { ...amd64, digest: digestOf(Buffer.from("absent")), platform: { os: "linux", architecture: "ppc64le" } };
    const descriptor = store.index([
      { ...arm64, platform: { os: "linux", architecture: "arm64" } },
      { ...arm64, platform: { os: "unknown", architecture: "unknown" } },
      absent,
      { ...amd64, platform: { os: "linux", architecture: "amd64" } },
    ]);
    const catalog = await readCatalogImage(store, { place: store.place, descriptor }, { workdir, name: "q" });
    expect(catalog.packages).toHaveLength(1);
    expect(catalog.problems.map((row) => [row.code, row.message])).toEqual([["PLATFORM_MISMATCH", expect.stringContaining("linux/arm64")]]);
    await catalog.close();
  });

  it.each([
    [{}, "none of the labels"],
    [{ "operators.operatorframework.io.test": "x" }, "operators.operatorframework.io.test"],
    [{ [LABELS.configs]: "/" }, "says"],
    [{ [LABELS.configs]: "/../etc" }, "says"],
    [{ [LABELS.configs]: "/nothing" }, "/nothing"],
  ])("refuses labels %j", async (labels, why) => {
    const store = new TestStore();
    const descriptor = await store.image({ layers: [await testLayer({ "configs/a": "1" })], labels });
    const fetched = fetchCatalogImage({ reader: store, place: store.place, descriptor }, { workdir, name: "quay.io/q" });
    await expect(fetched).rejects.toMatchObject({ code: "CATALOG_UNREADABLE", message: expect.stringContaining(why) });
    expect(await readdir(workdir)).toEqual([]);
  });
});

async function* chunked(content: Readonly<Record<string, string>>): AsyncGenerator<CatalogFile> {
  for (const [path, text] of Object.entries(content)) {
    yield {
      path,
      content: (async function* () {
        for (let at = 0; at < text.length; at += 999) yield Buffer.from(text.slice(at, at + 999));
      })(),
    };
  }
}
