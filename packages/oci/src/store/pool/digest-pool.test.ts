import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import type { Descriptor } from "../../model/descriptor.ts";
import { manifestContents, parseManifest } from "../../model/manifest.ts";
import { CountingStore } from "../../testing/counting-store.ts";
import { addImage } from "../../testing/images.ts";
import { run } from "../../testing/programs.ts";
import { tempDir } from "../../testing/temp-dir.ts";
import { transfer } from "../../transfer/transfer.ts";
import { openLayout } from "../layout/layout-store.ts";
import { MemoryStore } from "../memory/memory-store.ts";
import { DigestPool } from "./digest-pool.ts";
import { distributionBlobName } from "./distribution-folder.ts";
import { openContentPlace } from "./open-place.ts";

const AT = { repository: "org/app" };

/** Writes an image as distribution's file system driver keeps it. */
async function distribution(dir: string, source: MemoryStore, descriptor: Descriptor): Promise<void> {
  const { bytes, mediaType } = await source.manifest(AT, descriptor);
  await put(join(dir, distributionBlobName(descriptor.digest)), bytes);
  for (const blob of manifestContents(parseManifest(bytes, mediaType))) {
    const chunks = await Array.fromAsync(source.blob(AT, blob).open(0));
    await put(join(dir, distributionBlobName(blob.digest)), Buffer.concat(chunks));
  }
  const link = join(dir, "docker/registry/v2/repositories", AT.repository, "_manifests/tags/v1/current/link");
  await put(link, Buffer.from(descriptor.digest));
}

async function put(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

async function copied(pool: DigestPool, descriptor: Descriptor): Promise<string | undefined> {
  const root = { id: "x", source: pool, from: AT, descriptor, to: AT, tags: ["v1"], referrers: "none" } as const;
  const report = await transfer([root], new MemoryStore());
  return report.outcomes[0]?.error?.message ?? report.outcomes[0]?.outcome;
}

test("a registry's folder, its cache form and its tar give the image by digest", async () => {
  await using dir = await tempDir();
  const source = new MemoryStore();
  const image = await addImage(source, AT, { layers: ["a", "b"] });
  await distribution(join(dir.path, "plain"), source, image);
  await distribution(join(dir.path, "home", ".oc-mirror", ".cache"), source, image);
  await mkdir(join(dir.path, "carried"));
  await run("tar", ["-cf", join(dir.path, "carried", "mirror_000001.tar"), "-C", join(dir.path, "plain"), "docker"]);
  for (const place of ["plain", "home", "carried", "carried/mirror_000001.tar"]) {
    expect([place, await copied(new DigestPool([await openContentPlace(join(dir.path, place))]), image)]).toEqual([place, "copied"]);
  }
  const pool = new DigestPool([await openContentPlace(join(dir.path, "plain"))]);
  expect(await pool.resolve(AT, "v1")).toMatchObject({ digest: image.digest, mediaType: image.mediaType });
});

test("an OCI layout and a hauler store (no oci-layout file) give it too", async () => {
  await using dir = await tempDir();
  const source = new MemoryStore();
  const image = await addImage(source, AT, { layers: ["a"] });
  const layout = await openLayout(join(dir.path, "store"), { create: true });
  await transfer([{ id: "x", source, from: AT, descriptor: image, to: AT, tags: ["v1"], referrers: "none" }], layout);
  await layout.close();
  await rm(join(dir.path, "store", "oci-layout"));
  expect(await copied(new DigestPool([await openContentPlace(dir.path)]), image)).toBe("copied");
});

test("what one place lacks or holds damaged comes from the next, and only that from the registry", async () => {
  await using dir = await tempDir();
  const source = new CountingStore();
  const image = await addImage(source, AT, { layers: ["a", "b", "c"] });
  await distribution(dir.path, source, image);
  const { bytes, mediaType } = await source.manifest(AT, image);
  const [, first, second] = manifestContents(parseManifest(bytes, mediaType));
  if (first === undefined || second === undefined) throw new Error("the image has layers");
  await rm(join(dir.path, distributionBlobName(first.digest)));
  await writeFile(join(dir.path, distributionBlobName(second.digest)), Buffer.alloc(second.size));
  source.reset();
  const pool = new DigestPool([await openContentPlace(dir.path)], { fallback: source });
  expect(await copied(pool, image)).toBe("copied");
  expect(source.log).toEqual([`GET blob org/app ${first.digest}`, `GET blob org/app ${second.digest}`]);
  // Signatures are found by the registry's list of tags.
  await Array.fromAsync(pool.tags(AT));
  expect(source.log.at(-1)).toBe("GET tags org/app");
});

test("a folder of something else is refused", async () => {
  await using dir = await tempDir();
  await writeFile(join(dir.path, "notes.txt"), "nothing");
  await expect(openContentPlace(dir.path)).rejects.toMatchObject({ code: "LAYOUT_INVALID" });
  await run("tar", ["-cf", join(dir.path, "notes.tar"), "-C", dir.path, "notes.txt"]);
  await expect(openContentPlace(join(dir.path, "notes.tar"))).rejects.toMatchObject({ code: "LAYOUT_INVALID" });
  await expect(openContentPlace(join(dir.path, "missing"))).rejects.toMatchObject({ code: "NOT_FOUND" });
});
