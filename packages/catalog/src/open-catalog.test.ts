import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFileCatalog } from "./open-catalog.ts";
import { documentsOf, madeCatalog } from "./testing/made-catalog.ts";

const AMBER = { name: "amber", channels: { stable: [{ name: "amber.v1.0.0" }] } };

describe("openFileCatalog", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "skerry-open-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("reads bodies on demand, and refuses one that changed under it", async () => {
    const path = join(folder, "catalog.json");
    const text = documentsOf(AMBER)
      .map((document) => JSON.stringify(document))
      .join("\n");
    await writeFile(path, text);
    const catalog = await openFileCatalog(path);
    expect(await catalog.bundle("amber", "amber.v1.0.0")).toMatchObject({
      package: "amber",
      properties: [{ type: "olm.package", value: { version: "1.0.0" } }],
      relatedImages: [],
    });
    await expect(catalog.bundle("amber", "amber.v9")).rejects.toMatchObject({ code: "BUNDLE_UNKNOWN" });
    await writeFile(path, text.replaceAll("amber.v1.0.0", "amber.v6.6.6"));
    await expect(catalog.bundle("amber", "amber.v1.0.0")).rejects.toMatchObject({ code: "DOCUMENT_INVALID" });
    await catalog.close();
  });

  it("leaves nothing behind in the folder of temporary files", async () => {
    const big = `schema: x.big\ndata: ${"x".repeat(3_000_000)}\n`;
    await writeFile(join(folder, "big.yaml"), big);
    const workdir = await mkdtemp(join(folder, "work-"));
    const catalog = await openFileCatalog(join(folder, "big.yaml"), { workdir });
    expect(await readdir(workdir)).toEqual([]);
    const bodies: unknown[] = [];
    for await (const { body } of catalog.documents(() => true)) bodies.push(body["data"]);
    expect(bodies).toEqual(["x".repeat(3_000_000)]);
    await catalog.close();
  });

  it("keeps one bad package from sinking the others, and tells what was left out", async () => {
    const catalog = await madeCatalog(
      [AMBER],
      [
        { schema: "olm.channel", package: "lost", name: "stable", entries: [] },
        { schema: "olm.channel", package: "amber", name: "bad", entries: "none" },
        { schema: "olm.bundle", package: "amber", name: "amber.v1.0.0" },
        { schema: "x.other", package: "nobody", name: "kept" },
      ],
    );
    expect(catalog.packages.map(({ name, channels }) => [name, channels.map((channel) => channel.name)])).toEqual([
      ["amber", ["stable", "bad"].slice(0, 1)],
    ]);
    expect(catalog.problems.map(({ code, package: name, bundle, channel }) => [code, name, channel ?? bundle])).toEqual([
      ["PACKAGE_INVALID", "amber", "bad"],
      ["PACKAGE_INVALID", "amber", "amber.v1.0.0"],
      ["PACKAGE_INVALID", "lost", undefined],
    ]);
    const schemas: string[] = [];
    for await (const { document } of catalog.documents(() => true)) schemas.push(document.schema);
    expect(schemas).toEqual(["olm.package", "olm.channel", "olm.bundle", "x.other"]);
    const all: string[] = [];
    for await (const { document } of catalog.documents(() => true, { leftOut: true })) all.push(document.schema);
    expect(all).toHaveLength(7);
  });

  it("stops at an aborted signal and refuses what is not there", async () => {
    await writeFile(join(folder, "a.json"), "{}");
    await expect(openFileCatalog(folder, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    await expect(openFileCatalog(join(folder, "none"))).rejects.toMatchObject({ code: "CATALOG_UNREADABLE" });
  });
});
