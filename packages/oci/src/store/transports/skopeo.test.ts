import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { env } from "node:process";
import { describe, expect, test } from "vitest";
import type { Descriptor } from "../../model/descriptor.ts";
import { addImage, addIndex, linux } from "../../testing/images.ts";
import { isInstalled, run } from "../../testing/programs.ts";
import { tempDir } from "../../testing/temp-dir.ts";
import { transfer } from "../../transfer/transfer.ts";
import { MemoryStore } from "../memory/memory-store.ts";
import { openReader, openWriter } from "./open.ts";

const AT = { repository: "org/app" };

async function sample(): Promise<{ source: MemoryStore; index: Descriptor }> {
  const source = new MemoryStore();
  const children = [
    await addImage(source, AT, { layers: ["base", "one"], platform: linux("amd64") }),
    await addImage(source, AT, { layers: ["base", "two"], platform: linux("arm64") }),
  ];
  return { source, index: await addIndex(source, AT, { manifests: children, tags: ["v1"] }) };
}

async function write(source: MemoryStore, index: Descriptor, to: string): Promise<void> {
  await using opened = await openWriter(to);
  const root = { id: "one", source, from: AT, descriptor: index, to: opened.at, tags: opened.tags, referrers: "none" } as const;
  const report = await transfer([root], opened.writer);
  expect(report.outcomes.map(({ error }) => error)).toEqual([undefined]);
  await opened.finish();
}

/** Copies the image that a LAYOUT names into memory and returns how that ended. */
async function readBack(from: string): Promise<{ digest: string; outcome: string | undefined }> {
  await using opened = await openReader(from);
  const { reader, at, descriptor } = opened;
  const root = { id: "back", source: reader, from: at, descriptor, to: AT, tags: ["v1"], referrers: "none" } as const;
  const report = await transfer([root], new MemoryStore());
  return { digest: descriptor.digest, outcome: report.outcomes[0]?.outcome };
}

describe.each(["oci:DIR:registry.test/org/app:v1", "oci:DIR", "oci-archive:DIR.tar:v1", "oci-archive:DIR.tar", "dir:DIR"])("%s", (form) => {
  test("is written and read back with the same digest", async () => {
    await using dir = await tempDir();
    const { source, index } = await sample();
    const layout = form.replace("DIR", join(dir.path, "out"));
    await write(source, index, layout);
    expect(await readBack(layout)).toEqual({ digest: index.digest, outcome: "copied" });
  });

  test.skipIf(!isInstalled("skopeo", env["PATH"]))("skopeo reads what we wrote, and we read what skopeo wrote", async () => {
    await using dir = await tempDir();
    const { source, index } = await sample();
    const ours = form.replace("DIR", join(dir.path, "ours"));
    const theirs = form.replace("DIR", join(dir.path, "theirs"));
    await write(source, index, ours);
    await run("skopeo", ["--insecure-policy", "copy", "--all", "--preserve-digests", ours, theirs]);
    expect(await readBack(theirs)).toEqual({ digest: index.digest, outcome: "copied" });
    const raw = await run("skopeo", ["inspect", "--raw", theirs]);
    expect(Buffer.from(raw)).toEqual(Buffer.from((await source.manifest(AT, index)).bytes));
  });
});

test.skipIf(!isInstalled("skopeo", env["PATH"]))("a docker archive of skopeo becomes an image with the same layers", async () => {
  await using dir = await tempDir();
  const source = new MemoryStore();
  const image = await addImage(source, AT, { layers: ["base", "one"], tags: ["v1"], plain: true });
  await write(source, image, `oci:${join(dir.path, "layout")}:v1`);
  const archive = `docker-archive:${join(dir.path, "saved.tar")}`;
  await run("skopeo", ["--insecure-policy", "copy", `oci:${join(dir.path, "layout")}:v1`, `${archive}:registry.test/org/app:v1`]);
  for (const form of [archive, `${archive}:registry.test/org/app:v1`]) expect(await readBack(form)).toMatchObject({ outcome: "copied" });
  await using opened = await openReader(archive);
  const { bytes } = await opened.reader.manifest(opened.at, opened.descriptor);
  const { layers } = JSON.parse(new TextDecoder().decode(bytes)) as { layers: { digest: string }[] };
  const original = JSON.parse(new TextDecoder().decode((await source.manifest(AT, image)).bytes)) as { layers: { digest: string }[] };
  expect(layers.map(({ digest }) => digest)).toEqual(original.layers.map(({ digest }) => digest));
});

test("an archive that is not finished is not there", async () => {
  await using dir = await tempDir();
  const { source, index } = await sample();
  const path = join(dir.path, "out.tar");
  {
    await using opened = await openWriter(`oci-archive:${path}:v1`);
    await transfer([{ id: "one", source, from: AT, descriptor: index, to: opened.at, tags: ["v1"], referrers: "none" }], opened.writer);
  }
  await expect(readFile(path)).rejects.toThrow("ENOENT");
});

test("two processes do not write one archive, and a killed one leaves no trouble", async () => {
  await using dir = await tempDir();
  const layout = `oci-archive:${join(dir.path, "out.tar")}:v1`;
  const { source, index } = await sample();
  await writeFile(join(dir.path, "out.tar.partial"), "what a killed process left");
  await using first = await openWriter(layout);
  await expect(openWriter(layout)).rejects.toMatchObject({ code: "BUSY" });
  await transfer([{ id: "one", source, from: AT, descriptor: index, to: first.at, tags: first.tags, referrers: "none" }], first.writer);
  await first.finish();
  expect(await readBack(layout)).toMatchObject({ digest: index.digest });
  expect(await readdir(dir.path)).toEqual(["out.tar"]);
});
