import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { digestOf, MemoryStore, manifestContents, openLayout, parseManifest, Registries, type Root, transfer } from "@skerry/oci";
import { startRegistry } from "@skerry/registry";
import { expect, test } from "vitest";
import { addImage } from "../../packages/oci/src/testing/images.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** Runs the copy until it has said so many lines, then kills it. @returns its last line */
async function copyAndKill(args: readonly string[], afterLines: number): Promise<string> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "copy-to-layout.ts"), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  let lines = 0;
  let last = "";
  for await (const line of createInterface({ input: child.stdout })) {
    last = line;
    if (++lines === afterLines) child.kill("SIGKILL");
  }
  await closed;
  return last;
}

test("a copy into a layout that is killed again and again completes, keeps what it had and leaves nothing else", async () => {
  await using folder = await tempFolder();
  await using upstream = await startRegistry({ root: folder.join("upstream") });
  const memory = new MemoryStore();
  const roots: Root[] = [];
  for (let index = 0; index < 12; index++) {
    const from = { repository: `org/app${index}` };
    const descriptor = await addImage(memory, from, { layers: ["base", `own ${index}`], layerBytes: 1_500_000, tags: ["v1"] });
    roots.push({ id: from.repository, source: memory, from, descriptor, to: from, tags: ["v1"], referrers: "none" });
  }
  await using registries = new Registries({ insecureHosts: [upstream.host] });
  await transfer(roots, registries.writer(upstream.host), { gates: registries.gates });

  const layout = folder.join("layout");
  const args = [upstream.host, layout, folder.join("journal"), ...roots.map(({ id }) => id)];
  const blobs: number[] = [];
  for (const lines of [2, 7]) {
    expect(await copyAndKill(args, lines)).not.toContain("done");
    blobs.push((await readdir(join(layout, "blobs", "sha256"))).length);
  }
  expect(blobs).toEqual([...blobs].sort((a, b) => a - b));
  expect(await copyAndKill(args, -1)).toContain("done");
  expect(await copyAndKill(args, -1)).toBe(`done ${JSON.stringify(roots.map(() => "present"))}`);

  expect((await readdir(layout)).sort()).toEqual(["blobs", "index.json", "oci-layout"]);
  const reader = await openLayout(layout);
  for (const { to, descriptor } of roots) {
    expect(await reader.resolve(to, "v1")).toMatchObject({ digest: descriptor.digest });
    const { bytes, mediaType } = await reader.manifest(to, descriptor);
    for (const blob of manifestContents(parseManifest(bytes, mediaType))) {
      expect(digestOf(Buffer.concat(await Array.fromAsync(reader.blob(to, blob).open(0))))).toBe(blob.digest);
    }
  }
}, 600_000);
