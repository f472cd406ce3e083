import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { goYaml } from "@skerry/catalog";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";
import { CATALOG, imageSet, type Json, type MirrorWorld, mirrorWorld } from "./world.ts";

/** An image that the catalog's own CSV passes on, and one that only the CSV in a bundle image does. */
const HELD = "quay.isle.example/amber/helper:1";
const HIDDEN = "quay.isle.example/beryl/helper:1";

function csv(name: string, helper: string): object {
  const container = {
    name: "manager",
    image: `quay.isle.example/${name}/operator:1`,
    env: [{ name: "RELATED_IMAGE_HELPER", value: helper }],
  };
  return {
    apiVersion: "operators.coreos.com/v1alpha1",
    kind: "ClusterServiceVersion",
    metadata: { name: `${name}.v1.0.0` },
    spec: {
      version: "1.0.0",
      displayName: name,
      install: { strategy: "deployment", spec: { deployments: [{ name, spec: { template: { spec: { containers: [container] } } } }] } },
    },
  };
}

function documents(name: string, property: object): string {
  return [
    { schema: "olm.package", name, defaultChannel: "stable" },
    { schema: "olm.channel", package: name, name: "stable", entries: [{ name: `${name}.v1.0.0` }] },
    {
      schema: "olm.bundle",
      package: name,
      name: `${name}.v1.0.0`,
      image: `quay.isle.example/${name}/bundle:1`,
      properties: [{ type: "olm.package", value: { packageName: name, version: "1.0.0" } }, property],
      relatedImages: [{ name: "manager", image: `quay.isle.example/${name}/operator:1` }],
    },
  ]
    .map((document) => `${JSON.stringify(document)}\n`)
    .join("");
}

describe("images that deployments get as RELATED_IMAGE_*", () => {
  let folder: TempFolder;
  let world: MirrorWorld;
  let target: string;
  let set: string;

  beforeAll(async () => {
    folder = await tempFolder();
    const held = Buffer.from(JSON.stringify(csv("amber", HELD))).toString("base64");
    for (const [name, property] of [
      ["amber", { type: "olm.bundle.object", value: { data: held } }],
      ["beryl", { type: "olm.csv.metadata", value: { displayName: "beryl" } }],
    ] as const) {
      await mkdir(folder.join("catalog", name), { recursive: true });
      await writeFile(folder.join("catalog", name, "catalog.json"), documents(name, property));
    }
    const manifests = folder.join("bundles", "beryl", "1.0.0", "manifests");
    await mkdir(manifests, { recursive: true });
    await writeFile(join(manifests, "beryl.clusterserviceversion.yaml"), goYaml(csv("beryl", HIDDEN)));
    const metadata = folder.join("bundles", "beryl", "1.0.0", "metadata");
    await mkdir(metadata, { recursive: true });
    const annotations = {
      "operators.operatorframework.io.bundle.mediatype.v1": "registry+v1",
      "operators.operatorframework.io.bundle.manifests.v1": "manifests/",
      "operators.operatorframework.io.bundle.metadata.v1": "metadata/",
      "operators.operatorframework.io.bundle.package.v1": "beryl",
      "operators.operatorframework.io.bundle.channels.v1": "stable",
    };
    await writeFile(join(metadata, "annotations.yaml"), goYaml({ annotations }));
    world = await mirrorWorld({
      catalogs: [{ dir: folder.join("catalog"), reference: CATALOG }],
      bundlesDir: folder.join("bundles"),
      images: [HELD, HIDDEN],
    });
    target = `docker://${world.target.host}/isle`;
    set = await world.config(imageSet("- name: amber\n- name: beryl"));
  });
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  async function mirrored(name: string, ...flags: readonly string[]): Promise<{ readonly helpers: readonly Json[] }> {
    const { code, result, stderr } = await world.json("mirror", "-c", set, "--name", name, ...flags, target);
    expect({ code, result: result?.result }, stderr).toEqual({ code: 0, result: "done" });
    const lock: Json = JSON.parse(await readFile(join(world.dir, `skerry-${name}`, "imageset.lock"), "utf8"));
    return { helpers: lock.images.filter((image: Json) => image.origin.includes("/helper:1")) };
  }

  async function there(repository: string): Promise<boolean> {
    const { code } = await world.run("inspect", `docker://${world.target.host}/isle/${repository}:1`, "-q");
    return code === 0;
  }

  it("are left out unless they are asked for", async () => {
    expect((await mirrored("plain")).helpers).toEqual([]);
    expect(await there("amber/operator")).toBe(true);
    expect([await there("amber/helper"), await there("beryl/helper")]).toEqual([false, false]);
  });

  it("come with --env-images, from the catalog's CSV and from that of a bundle image, each with the field that names it", async () => {
    const { helpers } = await mirrored("env", "--env-images");
    expect(helpers.map((image) => image.origin)).toEqual([HELD, HIDDEN]);
    for (const [at, name] of ["amber", "beryl"].entries()) {
      expect(JSON.stringify(helpers[at].reasons)).toContain(`${name}.v1.0.0`);
      expect(JSON.stringify(helpers[at].reasons)).toContain("containers[0].env[0].value");
    }
    expect([await there("amber/helper"), await there("beryl/helper")]).toEqual([true, true]);
    expect((await world.json("verify", "--name", "env", "--lock", join(world.dir, "skerry-env", "imageset.lock"), target)).code).toBe(0);
  });

  it("cost no second look at a bundle image", async () => {
    world.source.reset();
    expect((await world.json("plan", "-c", set, "--name", "env", "--env-images", target)).code).toBe(0);
    expect(world.source.seen.filter(({ url }) => url.includes("/blobs/"))).toEqual([]);
  });
});
