import { describe, expect, test } from "vitest";
import { MEDIA_TYPES } from "../model/media-types.ts";
import { platformFilter } from "../model/platform.ts";
import { CountingStore } from "../testing/counting-store.ts";
import { addBlob, addImage, addIndex, linux, manifestOf, seededBytes } from "../testing/images.ts";
import { walkImage } from "./walk.ts";

const AT = { repository: "org/app" };
const AMD64 = platformFilter([linux("amd64")]);

describe("an index with attestations", () => {
  async function build() {
    const store = new CountingStore();
    const images = [
      await addImage(store, AT, { layers: ["base", "amd"], platform: linux("amd64") }),
      await addImage(store, AT, { layers: ["base", "arm"], platform: linux("arm64") }),
    ];
    const attestations = await Promise.all(
      images.map(async (image) => ({
        ...(await addImage(store, AT, { layers: [`about ${image.digest}`] })),
        platform: { os: "unknown", architecture: "unknown" },
        annotations: { "vnd.docker.reference.digest": image.digest, "vnd.docker.reference.type": "attestation-manifest" },
      })),
    );
    const index = await addIndex(store, AT, { manifests: [...images, ...attestations] });
    store.reset();
    return { store, index, images, attestations };
  }

  test("is read whole: each manifest once, contents before what holds them", async () => {
    const { store, index } = await build();
    const graph = await walkImage(store, AT, index, { referrers: "none" });
    expect(store.counts).toEqual({ GET: 5 });
    expect(graph.manifests.map(({ role }) => role)).toEqual(["child", "child", "child", "child", "root"]);
    expect(graph.blobs.size).toBe(4 + 5);
    const bytes = graph.manifests.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
    expect(graph.totalBytes).toBe(bytes + [...graph.blobs.values()].reduce((sum, { size }) => sum + size, 0));
  });

  test("a platform filter leaves children alone, with their attestations", async () => {
    const { store, index, images, attestations } = await build();
    const graph = await walkImage(store, AT, index, { referrers: "none", platforms: AMD64 });
    expect(store.counts).toEqual({ GET: 3 });
    const copied = new Map(graph.manifests.map(({ descriptor, copied }) => [descriptor.digest, copied]));
    expect([...images, ...attestations, index].map(({ digest }) => copied.get(digest))).toEqual([true, false, true, false, true]);
    expect(graph.root.digest).toBe(index.digest);
  });

  test("a filter that nothing passes is a problem and copies the bare index", async () => {
    const { store, index } = await build();
    const graph = await walkImage(store, AT, index, { referrers: "none", platforms: platformFilter([linux("s390x")]) });
    expect(graph.problems.map(({ code, message }) => [code, message])).toEqual([
      ["PLATFORM_MISSING", expect.stringContaining("linux/amd64, linux/arm64")],
    ]);
    expect(graph.manifests.filter(({ copied }) => copied)).toHaveLength(1);
  });
});

describe("referrers", () => {
  test("are found by API and by cosign's tags, recursively, and come before their subject", async () => {
    const store = new CountingStore();
    const image = await addImage(store, AT, { layers: ["app"], tags: ["v1"] });
    const sbom = await addImage(store, AT, { layers: ["sbom"], subject: image, artifactType: "application/spdx+json" });
    const signature = await addImage(store, AT, { layers: ["signature of the sbom"], subject: sbom, artifactType: "application/sig" });
    const cosign = await addImage(store, AT, { layers: ["cosign"], tags: [`${image.digest.replace(":", "-")}.sig`] });
    store.reset();
    const graph = await walkImage(store, AT, image, { referrers: "all" });
    expect(graph.manifests.map(({ descriptor, role, tag }) => [descriptor.digest, role, tag])).toEqual([
      [signature.digest, "referrer", undefined],
      [sbom.digest, "referrer", undefined],
      [cosign.digest, "cosign", `${image.digest.replace(":", "-")}.sig`],
      [image.digest, "root", undefined],
    ]);
    // Four manifests, three lists of referrers, one list of tags; one cosign tag to resolve.
    expect(store.counts).toEqual({ GET: 4 + 3 + 1, HEAD: 1 });
  });

  test("that are known beforehand cost no question", async () => {
    const store = new CountingStore();
    const image = await addImage(store, AT, { layers: ["app"] });
    const sbom = await addImage(store, AT, { layers: ["sbom"], subject: image, artifactType: "application/spdx+json" });
    store.reset();
    const graph = await walkImage(store, AT, image, { referrers: "all", known: [{ descriptor: sbom, subject: image.digest }] });
    expect(graph.manifests.map(({ descriptor }) => descriptor.digest)).toEqual([sbom.digest, image.digest]);
    expect(store.counts).toEqual({ GET: 2 });
  });

  test("that are listed and gone are a problem; one with another subject is left out", async () => {
    const store = new CountingStore();
    const image = await addImage(store, AT, { layers: ["app"] });
    const other = await addImage(store, AT, { layers: ["other"] });
    const gone = manifestOf({ schemaVersion: 2, gone: true }, MEDIA_TYPES.ociManifest).descriptor;
    const graph = await walkImage(store, AT, image, {
      referrers: "all",
      known: [
        { descriptor: other, subject: image.digest },
        { descriptor: gone, subject: image.digest },
      ],
    });
    expect(graph.manifests.map(({ descriptor }) => descriptor.digest)).toEqual([image.digest]);
    expect(graph.problems.map(({ code }) => code)).toEqual(["REFERRER_MISSING"]);
  });
});

describe("foreign layers", () => {
  async function build() {
    const store = new CountingStore();
    const config = addBlob(store, AT, { bytes: Buffer.from("{}"), mediaType: MEDIA_TYPES.ociConfig });
    const foreign = {
      ...addBlob(store, AT, { bytes: seededBytes("windows", 500), mediaType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip" }),
      urls: ["https://example.com/layer"],
    };
    const { content, descriptor } = manifestOf({ schemaVersion: 2, config, layers: [foreign] }, MEDIA_TYPES.ociManifest);
    await store.putManifest(AT, descriptor, content, []);
    return { store, descriptor, foreign };
  }

  test("stay where they are, and are counted apart", async () => {
    const { store, descriptor, foreign } = await build();
    const graph = await walkImage(store, AT, descriptor, { referrers: "none" });
    expect([graph.blobs.has(foreign.digest), graph.external.has(foreign.digest)]).toEqual([false, true]);
  });

  test("are taken when asked for", async () => {
    const { store, descriptor, foreign } = await build();
    const graph = await walkImage(store, AT, descriptor, { referrers: "none", externalLayers: "include" });
    expect([graph.blobs.has(foreign.digest), graph.external.size]).toEqual([true, 0]);
  });
});

describe("hostile graphs", () => {
  test("indexes nested too deep are refused", async () => {
    const store = new CountingStore();
    let inner = await addImage(store, AT, { layers: ["app"] });
    for (let level = 0; level < 10; level++) inner = await addIndex(store, AT, { manifests: [inner] });
    await expect(walkImage(store, AT, inner, { referrers: "none" })).rejects.toMatchObject({
      code: "MANIFEST_INVALID",
      message: expect.stringContaining("nested deeper than 8 levels"),
    });
  });

  test("more manifests, blobs or referrers than any image has are refused", async () => {
    const store = new CountingStore();
    const image = await addImage(store, AT, { layers: ["a", "b", "c"] });
    for (const note of ["1", "2", "3"]) await addImage(store, AT, { layers: [note], subject: image });
    const index = await addIndex(store, AT, { manifests: [image, await addImage(store, AT, { layers: ["d"] })] });
    for (const limits of [{ manifests: 2 }, { blobs: 3 }]) {
      await expect(walkImage(store, AT, index, { referrers: "none", limits })).rejects.toMatchObject({ code: "MANIFEST_INVALID" });
    }
    await expect(walkImage(store, AT, index, { referrers: "all", limits: { referrers: 2 } })).rejects.toMatchObject({
      code: "MANIFEST_INVALID",
    });
  });

  test("one digest with two sizes is refused", async () => {
    const store = new CountingStore();
    const blob = addBlob(store, AT, { bytes: seededBytes("x", 10), mediaType: MEDIA_TYPES.ociLayer });
    const document = { schemaVersion: 2, config: blob, layers: [{ ...blob, size: 11 }] };
    const { content, descriptor } = manifestOf(document, MEDIA_TYPES.ociManifest);
    await store.putManifest(AT, descriptor, content, []);
    await expect(walkImage(store, AT, descriptor, { referrers: "none" })).rejects.toMatchObject({ code: "MANIFEST_INVALID" });
  });

  test("an entry that is no manifest (buildkit's cache) is a blob", async () => {
    const store = new CountingStore();
    const layer = addBlob(store, AT, { bytes: seededBytes("cache", 100), mediaType: MEDIA_TYPES.ociLayerGzip });
    const index = await addIndex(store, AT, { manifests: [layer] });
    const graph = await walkImage(store, AT, index, { referrers: "none" });
    expect([...graph.blobs.keys()]).toEqual([layer.digest]);
  });

  test("a child that two indexes share comes before both", async () => {
    const store = new CountingStore();
    const shared = await addImage(store, AT, { layers: ["shared"] });
    const inner = await addIndex(store, AT, { manifests: [shared] });
    const outer = await addIndex(store, AT, { manifests: [shared, inner] });
    const order = (await walkImage(store, AT, outer, { referrers: "none" })).manifests.map(({ descriptor }) => descriptor.digest);
    expect(order).toEqual([shared.digest, inner.digest, outer.digest]);
  });
});
