import { createHash } from "node:crypto";
import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Descriptor } from "../model/descriptor.ts";
import { MemoryStore } from "../store/memory/memory-store.ts";
import { indexTar } from "../store/tar/tar-index.ts";
import { addImage, addIndex, linux, seededBytes } from "../testing/images.ts";
import { tempDir } from "../testing/temp-dir.ts";
import { transfer } from "../transfer/transfer.ts";
import type { Root } from "../transfer/types.ts";
import { planArchive } from "./archive-plan.ts";
import { checkVolumes } from "./check-volumes.ts";
import { type ArchiveContents, formatContents } from "./contents.ts";
import { Cutter, volumeOf } from "./cutter.ts";
import { logicalTar } from "./logical-tar.ts";
import { openVolumeWriter } from "./open-volume-writer.ts";
import { parseContents } from "./parse-contents.ts";
import { archiveName, isVolumeName, volumeName } from "./volume-name.ts";
import { openVolumes } from "./volume-reader.ts";
import type { VolumeWriter } from "./volume-writer.ts";

const END = { createdAt: "2026-01-02T03:04:05.000Z", base: {}, files: [], missing: [], signatures: [] };

/** Two images and an index, one layer larger than a volume. */
async function images(): Promise<{
  readonly store: MemoryStore;
  readonly roots: readonly Root[];
  readonly contents: readonly Descriptor[];
}> {
  const store = new MemoryStore();
  const at = { repository: "org/app" };
  const children = [
    await addImage(store, at, { layers: ["base", "one"], platform: linux("amd64") }),
    await addImage(store, at, { layers: ["two"], layerBytes: 70_000, platform: linux("arm64") }),
  ];
  const descriptor = await addIndex(store, at, { manifests: children, tags: ["v1"] });
  const root: Root = {
    id: "app",
    source: store,
    from: at,
    descriptor,
    to: { repository: "quay.io/org/app" },
    tags: ["v1"],
    referrers: "none",
  };
  return { store, roots: [root], contents: [] };
}

async function planOf(roots: readonly Root[], volumeBytes: number): Promise<ReturnType<typeof planArchive>> {
  const { walkImage } = await import("../graph/walk.ts");
  const contents: Descriptor[] = [];
  for (const { source, from, descriptor } of roots) {
    const graph = await walkImage(source, from, descriptor, { referrers: "none" });
    contents.push(...graph.blobs.values(), ...graph.manifests.map((entry) => entry.descriptor));
  }
  return planArchive(contents, volumeBytes);
}

async function write(dir: string, roots: readonly Root[], volumeBytes = 32 * 1024): Promise<ArchiveContents> {
  await using writer = await openVolumeWriter(dir, { name: "set", plan: await planOf(roots, volumeBytes) });
  const report = await transfer(roots, writer);
  expect(report.outcomes.map(({ outcome, error }) => [outcome, error?.message])).toEqual(roots.map(() => ["copied", undefined]));
  return await writer.finish(END);
}

describe("the cutter", () => {
  test("an entry that fits a volume lies in one; volumes are never larger than asked", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100_000), { maxLength: 60 }), fc.integer({ min: 16_384, max: 70_000 }), (sizes, limit) => {
        const cutter = new Cutter(limit);
        const entries = sizes.map((size) => ({ start: cutter.entry(size), bytes: 512 + Math.ceil(size / 512) * 512 }));
        cutter.end();
        const { starts, position } = cutter;
        for (const [index, start] of starts.entries()) expect((starts[index + 1] ?? position) - start).toBeLessThanOrEqual(limit);
        for (const { start, bytes } of entries) {
          if (bytes <= limit - 512) expect(volumeOf(starts, start + bytes - 1)).toBe(volumeOf(starts, start));
        }
      }),
    );
  });

  test("names are safe everywhere", () => {
    for (const text of ["job", "a b/c:d", "..ünï", "x".repeat(300)]) expect(isVolumeName(volumeName(archiveName(text), 0))).toBe(true);
    expect(() => archiveName("///")).toThrow(/Cannot name/);
  });
});

describe("an archive", () => {
  test("comes back as it was, from volumes and as one tar, with a layer that spans them", async () => {
    await using dir = await tempDir();
    const { roots } = await images();
    const contents = await write(dir.path, roots);
    expect(contents.volumes.length).toBeGreaterThan(2);
    expect(contents.roots.map(({ name }) => name)).toEqual(["quay.io/org/app:v1"]);
    const reader = await openVolumes(dir.path);
    const target = new MemoryStore();
    const back = await transfer(
      roots.map((root) => ({ ...root, source: reader, from: { repository: "quay.io/org/app" } })),
      target,
    );
    expect(back.outcomes.map(({ outcome }) => outcome)).toEqual(["copied"]);
    for (const { name, sha256, bytes } of contents.volumes) {
      const file = await readFile(join(dir.path, name));
      expect([file.byteLength, createHash("sha256").update(file).digest("hex")]).toEqual([bytes, sha256]);
    }
    const tar = join(dir.path, "all");
    await writeFile(tar, Buffer.concat(await Array.fromAsync(logicalTar(dir.path, contents))));
    const entries = await indexTar(tar);
    expect([...entries.keys()].slice(-2)).toEqual(["index.json", "skerry/contents.json"]);
    expect(await checkVolumes(dir.path, contents, { level: "blobs" })).toEqual([]);
  });

  test("the same content makes the same bytes, whatever order it arrives in", async () => {
    await using one = await tempDir();
    await using two = await tempDir();
    const { roots, store } = await images();
    await write(one.path, roots);
    await using writer = await openVolumeWriter(two.path, { name: "set", plan: await planOf(roots, 32 * 1024) });
    for (const entry of (await planOf(roots, 32 * 1024)).entries.toReversed()) {
      if (entry.digest === undefined) continue;
      const descriptor = { mediaType: "", digest: entry.digest, size: entry.size };
      const blob = await writer.begin({ repository: "" }, descriptor);
      await blob.append(store.blob({ repository: "org/app" }, descriptor).open(0)).catch(() => blob.drop());
      await blob.commit().catch(() => undefined);
    }
    await transfer(roots, writer);
    await writer.finish(END);
    const bytes = async (dir: string): Promise<string[]> =>
      Promise.all(
        (await readdir(dir))
          .filter((name) => !name.startsWith("."))
          .sort()
          .map((name) => readFile(join(dir, name), "base64")),
      );
    expect(await bytes(two.path)).toEqual(await bytes(one.path));
  });

  test("continues where it was broken off, and believes only what it reads again", async () => {
    await using dir = await tempDir();
    const { roots } = await images();
    const plan = (): Promise<ReturnType<typeof planArchive>> => planOf(roots, 1024 * 1024);
    const first = await openVolumeWriter(dir.path, { name: "set", plan: await plan() });
    await transfer(roots, first);
    const whole = first.missingBytes;
    await first.close();
    expect(whole).toBe(0);
    const [volume] = (await readdir(dir.path)).filter((name) => isVolumeName(name));
    await truncate(join(dir.path, volume ?? ""), 60_000);
    await using again: VolumeWriter = await openVolumeWriter(dir.path, { name: "set", plan: await plan() });
    expect(again.missingBytes).toBeGreaterThan(0);
    expect(again.missingBytes).toBeLessThan((await plan()).bytes);
    await transfer(roots, again);
    const contents = await again.finish(END);
    expect(await checkVolumes(dir.path, contents, { level: "blobs" })).toEqual([]);
    expect((await readdir(dir.path)).filter((name) => name.endsWith(".journal"))).toEqual([]);
  });

  test("damaged content is refused and its place stays free", async () => {
    await using dir = await tempDir();
    const { roots } = await images();
    await using writer = await openVolumeWriter(dir.path, { name: "set", plan: await planOf(roots, 32 * 1024) });
    const entry = (await planOf(roots, 32 * 1024)).entries.find(({ digest }) => digest !== undefined);
    if (entry?.digest === undefined) throw new Error("nothing planned");
    const blob = await writer.begin({ repository: "" }, { mediaType: "", digest: entry.digest, size: entry.size });
    await blob.append(
      (async function* () {
        yield seededBytes("other", entry.size);
      })(),
    );
    await expect(blob.commit()).rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
    await blob.drop();
    await transfer(roots, writer);
    expect(await checkVolumes(dir.path, await writer.finish(END), { level: "blobs" })).toEqual([]);
  });

  test("one folder is written by one process, and what an older archive had goes when the new one is whole", async () => {
    await using dir = await tempDir();
    const { roots } = await images();
    const older = await write(dir.path, roots, 64 * 1024);
    const plan = await planOf(roots, 32 * 1024);
    await using writer = await openVolumeWriter(dir.path, { name: "set", plan });
    await expect(openVolumeWriter(dir.path, { name: "set", plan })).rejects.toMatchObject({ code: "BUSY" });
    await transfer(roots, writer);
    expect(await checkVolumes(dir.path, older, { level: "blobs" })).toEqual([]);
    const newer = await writer.finish(END);
    const there = (await readdir(dir.path)).filter(isVolumeName).sort();
    expect(there).toEqual(newer.volumes.map(({ name }) => name));
  });

  test("its contents are read as they were written", async () => {
    await using dir = await tempDir();
    const { roots } = await images();
    const contents = await write(dir.path, roots);
    expect(parseContents(formatContents(contents), "x")).toEqual(contents);
    expect(() => parseContents(formatContents({ ...contents, version: 2 as unknown as 1 }), "x")).toThrow(/version 2/);
  });
});
