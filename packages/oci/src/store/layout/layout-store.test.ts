import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { digestOf } from "../../hash.ts";
import { MEDIA_TYPES } from "../../model/media-types.ts";
import { manifestOf, seededBytes } from "../../testing/images.ts";
import { tempDir } from "../../testing/temp-dir.ts";
import { openLayout } from "./layout-store.ts";

const AT = { repository: "quay.io/org/app" };

function indexOf(note: string) {
  return manifestOf({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [], annotations: { note } }, MEDIA_TYPES.ociIndex);
}

async function names(dir: string): Promise<unknown[]> {
  const { manifests } = JSON.parse(await readFile(join(dir, "index.json"), "utf8")) as {
    manifests: { annotations?: Record<string, string> }[];
  };
  return manifests.map(({ annotations }) => annotations?.["org.opencontainers.image.ref.name"]);
}

describe("index.json", () => {
  test("names are full references; an index takes its children off the list; order does not depend on writing", async () => {
    await using dir = await tempDir();
    const child = indexOf("child");
    const document = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [child.descriptor] };
    const parent = manifestOf(document, MEDIA_TYPES.ociIndex);
    const other = indexOf("other");
    const first = await openLayout(join(dir.path, "a"), { create: true });
    await first.putManifest(AT, child.descriptor, child.content, []);
    await first.putManifest(AT, parent.descriptor, parent.content, ["v2"]);
    await first.putManifest(AT, other.descriptor, other.content, ["v1"]);
    await first.close();
    expect(await names(join(dir.path, "a"))).toEqual(["quay.io/org/app:v1", "quay.io/org/app:v2"]);
    const second = await openLayout(join(dir.path, "b"), { create: true });
    await second.putManifest(AT, other.descriptor, other.content, ["v1"]);
    await second.putManifest(AT, parent.descriptor, parent.content, ["v2"]);
    await second.putManifest(AT, child.descriptor, child.content, []);
    await second.close();
    expect(await readFile(join(dir.path, "a", "index.json"))).toEqual(await readFile(join(dir.path, "b", "index.json")));
  });

  test("names set at the same time are all there, and survive without close", async () => {
    await using dir = await tempDir();
    const store = await openLayout(dir.path, { create: true });
    const tags = Array.from({ length: 50 }, (_, index) => `v${index}`);
    await Promise.all(
      tags.map(async (tag) => {
        const { descriptor, content } = indexOf(tag);
        await store.putManifest(AT, descriptor, content, [tag]);
      }),
    );
    expect((await names(dir.path)).sort()).toEqual(tags.map((tag) => `quay.io/org/app:${tag}`).sort());
    await store.close();
  });

  test("fields that are not known here stay", async () => {
    await using dir = await tempDir();
    const { descriptor, content } = indexOf("x");
    await mkdir(join(dir.path, "blobs", "sha256"), { recursive: true });
    await writeFile(join(dir.path, "oci-layout"), '{"imageLayoutVersion": "1.0.0"}');
    await writeFile(join(dir.path, "blobs", "sha256", descriptor.digest.slice(7)), content.bytes);
    const entry = { ...descriptor, "x-own": { kept: true }, annotations: { "io.containerd.image.name": "n" } };
    await writeFile(join(dir.path, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [entry], "x-top": 1 }));
    const store = await openLayout(dir.path, { write: true });
    const other = indexOf("y");
    await store.putManifest(AT, other.descriptor, other.content, ["v1"]);
    await store.close();
    const written = JSON.parse(await readFile(join(dir.path, "index.json"), "utf8")) as { manifests: unknown[] };
    expect(written).toMatchObject({ "x-top": 1 });
    expect(written.manifests).toContainEqual(entry);
  });

  test.each([
    ["no JSON", "{"],
    ["no object", "[]"],
    ["an entry without digest", '{"manifests":[{}]}'],
    ["an entry with a hostile digest", '{"manifests":[{"digest":"sha256:../../etc","size":1}]}'],
  ])("%s is refused", async (_, text) => {
    await using dir = await tempDir();
    await writeFile(join(dir.path, "oci-layout"), '{"imageLayoutVersion": "1.0.0"}');
    await writeFile(join(dir.path, "index.json"), text);
    await expect(openLayout(dir.path)).rejects.toMatchObject({ code: "LAYOUT_INVALID" });
  });
});

describe("the lock", () => {
  test("a second writer is refused by naming the first; readers are not", async () => {
    await using dir = await tempDir();
    await using first = await openLayout(dir.path, { create: true });
    expect(first.images()).toEqual([]);
    const error = await openLayout(dir.path, { write: true }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "BUSY", message: expect.stringContaining(`on ${hostname()}`) });
    await openLayout(dir.path);
  });

  test("nothing of ours remains after close", async () => {
    await using dir = await tempDir();
    await (await openLayout(dir.path, { create: true })).close();
    expect((await readdir(dir.path)).sort()).toEqual(["blobs", "index.json", "oci-layout"]);
  });

  test.each([
    ["a process that is gone", { pid: 4_194_304 + 1, host: hostname(), start: "1" }],
    ["a process number that was given to another", { pid: 1, host: hostname(), start: "no such start" }],
  ])("the lock of %s is taken over", async (_, owner) => {
    await using dir = await tempDir();
    const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "")).trim();
    await (await openLayout(dir.path, { create: true })).close();
    await mkdir(join(dir.path, ".skerry"));
    await writeFile(join(dir.path, ".skerry", "lock"), JSON.stringify({ ...owner, boot }));
    await (await openLayout(dir.path, { write: true })).close();
  });

  test("a lock of another host stands", async () => {
    await using dir = await tempDir();
    await (await openLayout(dir.path, { create: true })).close();
    await mkdir(join(dir.path, ".skerry"));
    await writeFile(join(dir.path, ".skerry", "lock"), JSON.stringify({ pid: 1, host: "elsewhere", start: "1", boot: "other" }));
    await expect(openLayout(dir.path, { write: true })).rejects.toMatchObject({
      code: "BUSY",
      message: expect.stringContaining("elsewhere"),
    });
  });

  test("a lock that a killed process left empty is taken over", async () => {
    await using dir = await tempDir();
    await (await openLayout(dir.path, { create: true })).close();
    await mkdir(join(dir.path, ".skerry"));
    await writeFile(join(dir.path, ".skerry", "lock"), "");
    await (await openLayout(dir.path, { write: true })).close();
  });
});

describe("unfinished blobs", () => {
  test("a parked blob is continued by the next process, rehashed", async () => {
    await using dir = await tempDir();
    const bytes = seededBytes("large", 300_000);
    const descriptor = { mediaType: MEDIA_TYPES.ociLayerGzip, digest: digestOf(bytes), size: bytes.byteLength };
    const first = await openLayout(dir.path, { create: true });
    const parked = await first.begin(AT, descriptor);
    await parked.append(once(bytes.subarray(0, 200_000)));
    await parked.park();
    await first.close();
    const second = await openLayout(dir.path, { write: true });
    const write = await second.begin(AT, descriptor);
    expect(write.offset).toBe(200_000);
    await write.append(once(bytes.subarray(200_000)));
    await write.commit();
    expect(await second.has(AT, descriptor)).toBe(true);
    await second.close();
    expect(await readdir(dir.path)).not.toContain(".skerry");
  });

  test("a partial file that was damaged is noticed and thrown away", async () => {
    await using dir = await tempDir();
    const bytes = seededBytes("large", 1000);
    const descriptor = { mediaType: MEDIA_TYPES.ociLayerGzip, digest: digestOf(bytes), size: bytes.byteLength };
    await using store = await openLayout(dir.path, { create: true });
    await mkdir(join(dir.path, ".skerry", "partial"), { recursive: true });
    const partial = join(dir.path, ".skerry", "partial", descriptor.digest.replace(":", "-"));
    await writeFile(partial, seededBytes("damage", 500));
    const write = await store.begin(AT, descriptor);
    await write.append(once(bytes.subarray(write.offset)));
    await expect(write.commit()).rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
    const anew = await store.begin(AT, descriptor);
    expect(anew.offset).toBe(0);
    await anew.drop();
  });
});

test("what a killed process left is swept away, but not what can be continued", async () => {
  await using dir = await tempDir();
  await (await openLayout(dir.path, { create: true })).close();
  const partial = join(dir.path, ".skerry", "partial");
  await mkdir(partial, { recursive: true });
  const keep = digestOf(Buffer.from("unfinished")).replace(":", "-");
  for (const name of [keep, `${keep}.1`, "file.0011223344556677.tmp"]) await writeFile(join(partial, name), "half");
  await (await openLayout(dir.path, { write: true })).close();
  expect(await readdir(partial)).toEqual([keep]);
});

test("a folder that is no layout is refused", async () => {
  await using dir = await tempDir();
  await expect(openLayout(dir.path)).rejects.toMatchObject({ code: "LAYOUT_INVALID" });
});

test("free space is told with its mount point", async () => {
  await using dir = await tempDir();
  await using store = await openLayout(dir.path, { create: true });
  const { where, freeBytes } = await store.space();
  expect(freeBytes).toBeGreaterThan(0);
  expect(where.startsWith("/")).toBe(true);
});

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
