import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { sharedPath } from "../../../../tests/shared-data.ts";
import { validateCatalog } from "../check/validate-catalog.ts";
import { bundleImages } from "../images/bundle-images.ts";
import { openPackageManifests } from "../open/open-any.ts";
import type { Catalog } from "../types.ts";

const data = sharedPath("package-manifests");

describe.skipIf(data === undefined)("openPackageManifests (data/package-manifests)", () => {
  let workdir = "";
  let catalog: Catalog;
  beforeAll(async () => {
    workdir = await mkdtemp(join(tmpdir(), "skerry-packages-"));
    catalog = await openPackageManifests(data ?? "", { name: "package-manifests", workdir });
  });
  afterAll(async () => {
    await catalog.close();
    await rm(workdir, { recursive: true, force: true });
  });

  it("reads all 26 folders without a problem, and what it makes of them is valid", async () => {
    expect(catalog.packages).toHaveLength(26);
    expect(catalog.problems).toEqual([]);
    const validation = await validateCatalog(catalog, {});
    expect(validation.problems.filter((row) => row.severity === "error")).toEqual([]);
  });

  it("lists the channels with their entries as the graph of the CSVs gives them", () => {
    const listed = (name: string): unknown => {
      const info = catalog.package(name);
      return [info?.defaultChannel, info?.channels.map((channel) => `${channel.name}=${channel.entries.length}`).join()];
    };
    expect(listed("3scale-community-operator")).toEqual([
      "threescale-2.10",
      "threescale-2.10=5,threescale-2.6=1,threescale-2.7=2,threescale-2.8=3,threescale-2.9=4",
    ]);
    expect(listed("camel-k")).toEqual(["stable-1.5", "stable=21,stable-1.3=18,stable-1.4=20,stable-1.5=21"]);
    expect(listed("enc-key-sync")).toEqual(["alpha", "alpha=1"]);
    expect(listed("openshift-nfd-operator")).toEqual(["nfd.v4.7.0", "nfd.v4.5.0=1,nfd.v4.6.0=1,nfd.v4.7.0=1"]);
    expect(listed("postgresql")).toEqual(["stable", "stable=14"]);
    expect(listed("teiid")).toEqual(["beta", "beta=6"]);
  });

  it("mends the related images of 3scale that stand under value", async () => {
    const result = bundleImages(await catalog.bundle("3scale-community-operator", "3scale-community-operator.v0.5.1"));
    expect(result.problems.map((row) => row.code)).toEqual(["REF_VALUE_KEY", "REF_VALUE_KEY", "REF_VALUE_KEY"]);
    expect(result.broken).toEqual([]);
  });
});

describe("package manifests", () => {
  let directory = "";
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "skerry-packages-"));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function open(files: Readonly<Record<string, string>>): Promise<Catalog> {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(directory, "in", path)), { recursive: true });
      await writeFile(join(directory, "in", path), text);
    }
    return openPackageManifests(join(directory, "in"), { name: "in", workdir: join(directory, "work") });
  }
  const csv = (name: string, more: string = ""): string =>
    `kind: ClusterServiceVersion\nmetadata: {name: amber.v${name}}\nspec:\n  version: ${name}\n${more}`;
  const info = (channels: string, more: string = ""): string => `packageName: amber\nchannels: ${channels}\n${more}`;

  it("reads versions that lie flat in one folder, and skipped ones that are there", async () => {
    const catalog = await open({
      "amber.package.yaml": info("[{name: stable, currentCSV: amber.v1.2.0}]"),
      "a.yaml": csv("1.0.0"),
      "b.yaml": csv("1.1.0", "  replaces: amber.v1.0.0\n"),
      "c.yaml": csv("1.2.0", "  replaces: amber.v1.0.0\n  skips: [amber.v1.1.0, amber.v1.1.5]\n"),
    });
    expect(catalog.package("amber")?.channels[0]?.entries).toEqual([
      { name: "amber.v1.0.0" },
      { name: "amber.v1.1.0" },
      { name: "amber.v1.2.0", replaces: "amber.v1.0.0", skips: ["amber.v1.1.0", "amber.v1.1.5"] },
    ]);
    expect(
      (await catalog.bundle("amber", "amber.v1.0.0")).properties.filter((property) => property.type === "olm.bundle.object"),
    ).toHaveLength(1);
    await catalog.close();
    expect(await readdir(join(directory, "work"))).toEqual([]);
  });

  it("tells what is wrong in rows and goes on", async () => {
    const catalog = await open({
      "amber/amber.package.yaml": info(
        "[{name: b, currentCSV: amber.v1.0.0}, {name: a, currentCSV: amber.v1.0.0}, {name: gone, currentCSV: amber.v9.0.0}, {name: round, currentCSV: amber.v3.0.0}]",
      ),
      "amber/1/csv.yaml": csv("1.0.0", "  replaces: amber.v0.9.0\n"),
      "amber/3/csv.yaml": csv("3.0.0", "  replaces: amber.v3.1.0\n"),
      "amber/4/csv.yaml": csv("3.1.0", "  replaces: amber.v3.0.0\n"),
      "twice/amber.package.yaml": info("[{name: x, currentCSV: amber.v1.0.0}]"),
    });
    expect(catalog.packages.map((one) => [one.name, one.defaultChannel])).toEqual([["amber", "a"]]);
    expect(catalog.problems.filter((row) => row.code !== "CHANNEL_HEADS").map((row) => [row.code, row.channel, row.action])).toEqual([
      ["REPLACES_DANGLING", "b", "kept"],
      ["REPLACES_DANGLING", "a", "kept"],
      ["PACKAGE_INVALID", "gone", "dropped"],
      ["CHANNEL_CYCLE", "round", "dropped"],
      ["PACKAGE_INVALID", "a", "repaired"],
      ["PACKAGE_INVALID", undefined, "dropped"],
    ]);
    await catalog.close();
  });

  it("refuses a folder without packages", async () => {
    await expect(open({ "x.yaml": "a: 1\n" })).rejects.toMatchObject({ code: "CATALOG_UNREADABLE" });
  });
});
