import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { digestOf } from "../../hash.ts";
import { MEDIA_TYPES } from "../../model/media-types.ts";
import { tempDir } from "../../testing/temp-dir.ts";
import type { ManifestBytes } from "../types.ts";
import { openManifestCache } from "./manifest-cache.ts";

function manifest(text: string, size = text.length): ManifestBytes {
  const bytes = Buffer.from(text.padEnd(size));
  return { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf(bytes), bytes };
}

test("a manifest is kept as it came, and one that was damaged on the disk is not there", async () => {
  await using dir = await tempDir();
  const one = manifest('{"a":1}');
  await (await openManifestCache(dir.path)).put(one);
  const next = await openManifestCache(dir.path);
  expect(await next.get(one.digest)).toEqual({ ...one, bytes: new Uint8Array(one.bytes) });
  const [folder = ""] = await readdir(join(dir.path, "manifests"));
  const [name = ""] = await readdir(join(dir.path, "manifests", folder));
  await writeFile(join(dir.path, "manifests", folder, name), `${one.mediaType}\n{"a":2}`);
  expect(await (await openManifestCache(dir.path)).get(one.digest)).toBeUndefined();
  // The run that has verified it once does not read it again.
  expect((await next.get(one.digest))?.bytes).toEqual(new Uint8Array(one.bytes));
});

test("more manifests than are held in memory are read from the disk again", async () => {
  await using dir = await tempDir();
  const cache = await openManifestCache(dir.path);
  const all = Array.from({ length: 12 }, (_, index) => manifest(`{"n":${index}}`, 400_000));
  for (const one of all) await cache.put(one);
  for (const one of [...all, ...all.toReversed()]) {
    expect(Buffer.from(one.bytes).equals((await cache.get(one.digest))?.bytes ?? new Uint8Array())).toBe(true);
  }
});
