import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sharedPath } from "../../../../tests/shared-data.ts";
import { TestStore, testLayer } from "../image/test-image.ts";
import { openFileCatalog } from "../open-catalog.ts";
import { bundleImages } from "./bundle-images.ts";
import { repairFromBundleImage } from "./repair-from-image.ts";

const bundles = sharedPath("bundles");
const broken = sharedPath("catalogs-broken", "csv-metadata");
let workdir = "";

beforeAll(async () => {
  workdir = await mkdtemp(join(tmpdir(), "skerry-repair-"));
});
afterAll(() => rm(workdir, { recursive: true, force: true }));

/** A bundle image of the files of a bundle directory, in one layer. */
async function bundleImage(store: TestStore, directory: string): Promise<Awaited<ReturnType<TestStore["image"]>>> {
  const content: Record<string, string> = {};
  for (const folder of ["manifests", "metadata"]) {
    for (const file of readdirSync(join(directory, folder)))
      content[`${folder}/${file}`] = readFileSync(join(directory, folder, file), "utf8");
  }
  return store.image({ layers: [await testLayer(content)] });
}

describe.skipIf(bundles === undefined)("repairFromBundleImage (data/bundles)", () => {
  it.each([
    ["strimzi-kafka-operator", "strimzi-cluster-operator.v0.16.2", "0.16.2", 4, 0],
    ["3scale-community-operator", "3scale-community-operator.v0.5.1", "0.5.1", 3, 0],
    ["seldon-operator", "seldon-operator.v1.14.0", "1.14.0", 0, 1],
    ["sosivio", "sosivio-operator.v1.5.0-95", "1.5.0", 0, 1],
  ])("%s", async (packageName, name, version, repaired, left) => {
    const catalog = await openFileCatalog(broken ?? "");
    const bundle = await catalog.bundle(packageName, name);
    const store = new TestStore();
    const descriptor = await bundleImage(store, join(bundles ?? "", packageName, version));
    const entries = bundleImages(bundle).broken;
    const result = await repairFromBundleImage({ bundle, broken: entries }, { reader: store, place: store.place, descriptor }, { workdir });
    expect(result.images).toHaveLength(repaired);
    expect(result.problems.filter((row) => row.action === "repaired" && row.code === "REF_VALUE_KEY")).toHaveLength(repaired);
    expect(result.problems.filter((row) => row.action === "dropped")).toHaveLength(left);
    expect(await readdir(workdir)).toEqual([]);
    await catalog.close();
  });

  it("asks nothing of the registry when nothing is broken", async () => {
    const store = new TestStore();
    const descriptor = await store.image({ layers: [] });
    const bundle = { name: "a", package: "a", image: "", properties: [], relatedImages: [] };
    expect(await repairFromBundleImage({ bundle, broken: [] }, { reader: store, place: store.place, descriptor }, { workdir })).toEqual({
      images: [],
      problems: [],
    });
    expect(store.reads).toEqual([]);
  });
});
