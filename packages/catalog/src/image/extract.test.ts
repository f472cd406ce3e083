import { mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Descriptor, MEDIA_TYPES } from "@skerry/oci";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ExtractRequest, extractFromImage } from "./extract.ts";
import { onDisk } from "./io-failure.ts";
import { type LayerContent, TestStore, testLayer } from "./test-image.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "skerry-extract-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function extract(
  layers: readonly (LayerContent | Uint8Array)[],
  more: Partial<ExtractRequest> = {},
): Promise<Record<string, string>> {
  const store = new TestStore();
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory);
  const descriptors: Descriptor[] = [];
  for (const layer of layers)
    descriptors.push(store.put(layer instanceof Uint8Array ? layer : await testLayer(layer), MEDIA_TYPES.ociLayerGzip));
  const { files, left } = await extractFromImage({
    reader: store,
    place: store.place,
    layers: descriptors,
    roots: ["configs"],
    directory,
    ...more,
  });
  const found: Record<string, string> = {};
  for (const path of files.keys()) found[path] = await readFile(join(directory, path), "utf8");
  for (const member of left) found[`left ${member.path}`] = member.why;
  return found;
}

/** A symbolic (`2`) or hard (`1`) link as a tar header would have it. */
async function linkLayer(path: string, target: string, type: "1" | "2"): Promise<Buffer> {
  const tar = await testLayer({ [path]: "" }, "none");
  tar.write(type, 156);
  tar.write(target, 157, 100);
  const sum = tar.subarray(0, 512).reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return tar;
}

describe("extractFromImage", () => {
  it("takes only the files below the roots, private, with every compression", async () => {
    const found = await extract([
      await testLayer({ "configs/a": "1", "etc/passwd": "no" }, "zstd"),
      await testLayer({ "configs/b/c": "2" }, "none"),
      { "configsx/a": "no" },
    ]);
    expect(found).toEqual({ "configs/a": "1", "configs/b/c": "2" });
    expect((await stat(join(directory, "configs/a"))).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, "configs/b"))).mode & 0o777).toBe(0o700);
  });

  it("lets upper layers replace, hide and empty what is below", async () => {
    expect(
      await extract([
        { "configs/a": "old", "configs/b": "b" },
        { "configs/a": "new", "configs/.wh.b": "" },
      ]),
    ).toEqual({ "configs/a": "new" });
    expect(
      await extract([
        { "configs/a": "1", "configs/sub/b": "2" },
        { "configs/.wh..wh..opq": "", "configs/c": "3" },
      ]),
    ).toEqual({ "configs/c": "3" });
    expect(await extract([{ "configs/a": "1" }, { ".wh.configs": "" }, { "configs/d": "4" }])).toEqual({ "configs/d": "4" });
    expect(await extract([{ "configs/a": "1" }, { ".wh.configs": "", "configs/e": "5" }])).toEqual({ "configs/e": "5" });
    expect(await extract([{ "configs/a": "1" }, { ".wh..wh..opq": "" }])).toEqual({});
    expect(await extract([{ "opt/configs/a": "1" }, { ".wh.opt": "" }, { "opt/configs/b": "2" }], { roots: ["opt/configs"] })).toEqual({
      "opt/configs/b": "2",
    });
  });

  it("lets a file replace a directory and a directory a file", async () => {
    expect(await extract([{ "configs/x/a": "1" }, { "configs/x": "file" }])).toEqual({ "configs/x": "file" });
    expect(await extract([{ "configs/x": "file" }, { "configs/x/a": "1" }])).toEqual({ "configs/x/a": "1" });
  });

  it("does not read layers below one that hides everything", async () => {
    const store = new TestStore();
    const layers = [
      store.put(await testLayer({ "configs/a": "1" }), "x"),
      store.put(await testLayer({ ".wh.configs": "" }), "x"),
      store.put(await testLayer({ "configs/b": "2" }), "x"),
    ];
    const { layers: used } = await extractFromImage({ reader: store, place: store.place, layers, roots: ["configs"], directory });
    expect(used).toEqual([layers[1]?.digest, layers[2]?.digest]);
    expect(store.reads).toHaveLength(2);
  });

  it("copies what links inside the roots lead to and leaves all other links out", async () => {
    expect(await extract([{ "configs/real": "x" }, await linkLayer("configs/link", "real", "2")])).toEqual({
      "configs/real": "x",
      "configs/link": "x",
    });
    expect(await extract([{ "configs/real": "x" }, await linkLayer("configs/hard", "configs/real", "1")])).toEqual({
      "configs/real": "x",
      "configs/hard": "x",
    });
    expect(await extract([await linkLayer("configs/out", "../../../etc/passwd", "2")])).toEqual({
      "left configs/out": "it is a link to ../../../etc/passwd",
    });
    expect(await extract([await linkLayer("configs/self", "self", "2")])).toEqual({ "left configs/self": "it is a link to self" });
    expect(await extract([{ "configs/a": "1" }, await linkLayer("configs", "other", "2")])).toMatchObject({
      "left configs": "it is a link to other",
    });
  });

  it("ignores members that would leave the image", async () => {
    const tar = await testLayer({ "configs/aa": "x" }, "none");
    tar.write("../../evil", 0, "latin1");
    const sum = tar.subarray(0, 512).reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
    tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    expect(await extract([tar])).toEqual({});
  });

  it("refuses what is too large, too many or damaged", async () => {
    const limits = { files: 2, fileBytes: 10, totalBytes: 15 };
    await expect(extract([{ "configs/a": "x".repeat(11) }], { limits })).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
    await expect(extract([{ "configs/a": "x".repeat(9), "configs/b": "x".repeat(9) }], { limits })).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
    });
    await expect(extract([{ "configs/a": "", "configs/b": "", "configs/c": "" }], { limits })).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
    });
    const gzip = await testLayer({ "configs/a": "x".repeat(5000) });
    await expect(extract([gzip.subarray(0, gzip.byteLength - 20)])).rejects.toMatchObject({ code: "CATALOG_INVALID" });
  });

  it("notices bytes that are not those of the digest", async () => {
    const store = new TestStore();
    const layer = store.put(await testLayer({ "configs/a": "x" }, "none"), "x");
    store.contents.set(layer.digest, { bytes: await testLayer({ "configs/a": "y" }, "none"), mediaType: "x" });
    await expect(
      extractFromImage({ reader: store, place: store.place, layers: [layer], roots: ["configs"], directory }),
    ).rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
  });

  it("equals layers applied one on top of the other", async () => {
    const name = fc.constantFrom("a", "b", "c");
    const member = fc.oneof(
      fc.tuple(name, name).map(([x, y]) => `configs/${x}/${y}`),
      name.map((x) => `configs/.wh.${x}`),
      name.map((x) => `configs/${x}/.wh..wh..opq`),
      fc.tuple(name, name).map(([x, y]) => `configs/${x}/.wh.${y}`),
      fc.constant(".wh.configs"),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uniqueArray(member, { maxLength: 5 }), { minLength: 1, maxLength: 4 }), async (layers) => {
        const contents = layers.map((members, index) =>
          Object.fromEntries(members.map((path) => [path, path.includes(".wh.") ? "" : `${index}`])),
        );
        expect(await extract(contents)).toEqual(applied(contents));
      }),
      { numRuns: 150 },
    );
  });
});

/** The same by the book: whiteouts of a layer first, then its files. */
function applied(layers: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const files = new Map<string, string>();
  for (const layer of layers) {
    for (const path of Object.keys(layer)) {
      const name = path.slice(path.lastIndexOf("/") + 1);
      const parent = path.slice(0, path.length - name.length);
      const gone = name === ".wh..wh..opq" ? parent : name.startsWith(".wh.") ? `${parent}${name.slice(4)}/` : undefined;
      if (gone === undefined) continue;
      for (const file of files.keys()) if (`${file}/`.startsWith(gone)) files.delete(file);
    }
    for (const [path, text] of Object.entries(layer)) if (!path.includes(".wh.")) files.set(path, text);
  }
  return Object.fromEntries(files);
}

describe("onDisk", () => {
  it("tells a full disk and other faults of the system, and passes on the rest", async () => {
    const fault = (code: string): Promise<never> => Promise.reject(Object.assign(new Error("system says"), { code, errno: -1 }));
    const what = { action: "write", path: "/x" };
    await expect(onDisk(what, () => fault("ENOSPC"))).rejects.toMatchObject({
      code: "IO_FAILED",
      message: "Cannot write /x: the disk is full",
    });
    await expect(onDisk(what, () => fault("EROFS"))).rejects.toMatchObject({ code: "IO_FAILED", message: "Cannot write /x: system says" });
    await expect(onDisk(what, () => Promise.reject(new TypeError("own")))).rejects.toThrow(TypeError);
    expect(await onDisk(what, () => Promise.resolve(1))).toBe(1);
  });
});
