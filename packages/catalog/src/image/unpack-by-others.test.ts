import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLayout, transfer } from "@skerry/oci";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildCatalogImage } from "./build-image.ts";
import { LABELS } from "./kind.ts";
import { TestStore, testLayer } from "./test-image.ts";

function isInstalled(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "skerry-unpack-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe("a catalog image over its source", () => {
  it.skipIf(!isInstalled("umoci"))("looks to umoci as it should: new catalog, no cache, everything else kept (umoci)", async () => {
    const store = new TestStore();
    const descriptor = await store.image({
      layers: [
        await testLayer({ "bin/opm": "x", "etc/passwd": "root" }),
        await testLayer({ "configs/old/catalog.json": "{}", "tmp/cache/digest": "x", "tmp/keep": "y" }),
      ],
      labels: { [LABELS.configs]: "/configs" },
      config: { Entrypoint: ["/bin/opm"], Cmd: ["serve", "/configs", "--cache-dir", "/tmp/cache"] },
    });
    const files = [
      {
        path: "amber/catalog.json",
        content: (async function* () {
          yield Buffer.from("new");
        })(),
      },
    ];
    const built = await buildCatalogImage({
      mode: "over-source",
      source: { reader: store, place: store.place, descriptor },
      files,
      workdir: join(directory, "work"),
    });
    await using layout = await openLayout(join(directory, "layout"), { create: true });
    const root = {
      id: "catalog",
      source: built.reader,
      from: store.place,
      descriptor: built.root,
      to: { repository: "cats" },
      tags: ["v1"],
      referrers: "none",
    } as const;
    const report = await transfer([root], layout, {});
    expect(report.outcomes.map((outcome) => outcome.outcome)).toEqual(["copied"]);
    execFileSync("umoci", ["unpack", "--rootless", "--image", `${join(directory, "layout")}:cats:v1`, join(directory, "out")], {
      stdio: "ignore",
    });
    const rootfs = join(directory, "out", "rootfs");
    const found = (await readdir(rootfs, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(rootfs.length));
    expect(found.sort()).toEqual(["/bin/opm", "/configs/amber/catalog.json", "/etc/passwd", "/tmp/keep"]);
    expect((await stat(join(rootfs, "tmp"))).mode & 0o7777).toBe(0o1777);
    const runtime = JSON.parse(await readFile(join(directory, "out", "config.json"), "utf8")) as { process: { args: string[] } };
    expect(runtime.process.args).toEqual(["/bin/opm", "serve", "/configs"]);
    await built.close();
  });
});
