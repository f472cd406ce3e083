import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { startRegistry } from "@skerry/registry";
import { expect, test } from "vitest";
import { writeSampleLayout } from "../../testing/sample-layout.ts";
import { tempFolder } from "../../testing/temp-folder.ts";
import { type Captured, runInWorld } from "../../testing/world.ts";

/** Two registries and a layout `sample` of two images, the first of which is at the source as `org/app:v1.0.0`. */
async function bench() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await tempFolder());
  const source = stack.adopt(await startRegistry({ root: join(folder.path, "source") }), (registry) => registry.close());
  const target = stack.adopt(await startRegistry({ root: join(folder.path, "target") }), (registry) => registry.close());
  const skerry = (...args: string[]): Promise<Captured> =>
    runInWorld([...args, "--tls-verify=false"], { cwd: folder.path, home: folder.path });
  const digests = await writeSampleLayout(join(folder.path, "sample"), [
    { name: "v1.0.0", seed: "one", platforms: ["amd64", "arm64"] },
    { name: "v1.1.0", seed: "two" },
  ]);
  expect(await skerry("copy", "oci:sample:v1.0.0", `${source.host}/org/app`)).toMatchObject({ code: 0 });
  const owned = stack.move();
  return { folder, source, target, skerry, digests, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
}

test("--reuse takes content from a disk and only the rest from the registry", async () => {
  await using all = await bench();
  const { skerry, source, target, folder, digests } = all;
  const digest = digests.get("v1.0.0");
  await expect(skerry("copy", `${source.host}/org/app:v1.0.0`, "oci-archive:carried.tar:v1")).resolves.toMatchObject({ code: 0 });
  await writeFile(join(folder.path, "carried.tar.gz"), gzipSync(await readFile(join(folder.path, "carried.tar"))));
  for (const [place, at] of [
    ["carried.tar.gz", "packed"],
    ["sample", "layout"],
  ] as const) {
    const copied = await skerry("copy", `${source.host}/org/app:v1.0.0`, `${target.host}/${at}/app`, "--reuse", place, "-o", "json");
    const report = JSON.parse(copied.stdout) as { images: { digest: string }[]; requests: Record<string, Record<string, number>> };
    expect([copied.code, report.images[0]?.digest]).toEqual([0, digest]);
    // Lists of tags and referrers; no manifest and no blob.
    expect(report.requests[source.host]?.["GET"]).toBe(4);
  }
  const refused = await skerry("copy", `${source.host}/org/app:v1.0.0`, `${target.host}/x/app`, "--reuse", "missing");
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("missing")]);
  expect((await skerry("digest", "oci-archive:carried.tar.gz")).stdout).toBe(`${digest}\n`);
});

test("sync --delete removes nothing for a source that is mistyped or did not come over whole", async () => {
  await using all = await bench();
  const { skerry, source, target, folder, digests } = all;
  expect((await skerry("copy", "oci:sample:v1.1.0", `${target.host}/kept/app:v0.9.0`)).code).toBe(0);
  const mistyped = await skerry("sync", `${source.host}/org/ap`, `${target.host}/kept/app`, "--delete");
  expect([mistyped.code, mistyped.stderr]).toEqual([1, expect.stringContaining("no such repository")]);
  const hex = digests.get("v1.0.0")?.slice("sha256:".length) ?? "";
  // The index is looked up by its tag and cannot be read any more.
  await rm(join(folder.path, "source", "blobs", "sha256", hex.slice(0, 2), hex), { force: true });
  await rm(join(folder.path, "source", "blobs", "sha256", hex), { force: true });
  const partly = await skerry("sync", `${source.host}/org/app`, `${target.host}/kept/app`, "--delete");
  expect(partly.code).toBe(1);
  expect((await skerry("tags", `${target.host}/kept/app`)).stdout).toBe("v0.9.0\n");
});

test("--window begins no blob outside of its hours; the same command continues inside", async () => {
  await using all = await bench();
  const { skerry, source, target } = all;
  const now = new Date();
  // Hours that are far from now, and hours around it.
  const hour = (at: number): string => String((now.getHours() + at) % 24).padStart(2, "0");
  const words = ["copy", `${source.host}/org/app:v1.0.0`, `${target.host}/org/app`] as const;
  const held = await skerry(...words, "--window", `${hour(3)}:00-${hour(4)}:00`);
  expect([held.code, held.stdout]).toEqual([3, expect.stringContaining("outside of --window")]);
  expect((await skerry("tags", `${target.host}/org/app`)).code).toBe(1);
  expect((await skerry(...words, "--window", `${hour(22)}:00-${hour(3)}:00`)).code).toBe(0);
});
