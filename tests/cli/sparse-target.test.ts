import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeSampleLayout } from "../../packages/cli/src/testing/sample-layout.ts";
import { type Captured, runInWorld } from "../../packages/cli/src/testing/world.ts";
import { type DockerRegistry, dockerRegistryProgram, startDockerRegistry } from "../support/docker-registry.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

describe.skipIf(dockerRegistryProgram === undefined)("a registry that wants every child of an index (needs docker-registry)", () => {
  let folder: TempFolder;
  let registry: DockerRegistry;

  beforeAll(async () => {
    folder = await tempFolder();
    registry = await startDockerRegistry(dockerRegistryProgram ?? "");
    await writeSampleLayout(folder.join("sample"), [
      { name: "v1", seed: "one", platforms: ["amd64", "arm64"] },
      { name: "v2", seed: "two", platforms: ["amd64"] },
    ]);
  });

  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  function copy(...args: string[]): Promise<Captured> {
    return runInWorld(["copy", ...args, "--insecure", "-o", "json"], { cwd: folder.path, home: folder.path });
  }

  test("refuses before anything moves, and says what to do", async () => {
    const captured = await copy("oci:sample:v1", `${registry.host}/sparse/app`, "--platform", "linux/arm64");
    expect(captured.code).toBe(4);
    expect(JSON.parse(captured.stderr)).toMatchObject({
      code: "SPARSE_REFUSED",
      subject: registry.host,
      hint: expect.stringContaining("--rewrite-index"),
    });
    const blobs = await fetch(`http://${registry.host}/v2/sparse/app/tags/list`);
    expect(blobs.status).toBe(404);
  });

  test("is not asked when nothing is left out, or the image is there already", async () => {
    for (const args of [
      ["oci:sample:v2", `${registry.host}/whole/app`, "--platform", "linux/amd64"],
      ["oci:sample:v1", `${registry.host}/whole/app`],
      ["oci:sample:v1", `${registry.host}/whole/app`, "--platform", "linux/arm64"],
    ]) {
      expect((await copy(...args)).code).toBe(0);
    }
  });

  test("takes the smaller index of --rewrite-index", async () => {
    const captured = await copy("oci:sample:v1", `${registry.host}/small/app`, "--platform", "linux/arm64", "--rewrite-index");
    expect(captured.code).toBe(0);
    const { images } = JSON.parse(captured.stdout) as { images: { digest: string }[] };
    const head = await fetch(`http://${registry.host}/v2/small/app/manifests/v1`, {
      headers: { accept: "application/vnd.oci.image.index.v1+json" },
    });
    expect(head.headers.get("docker-content-digest")).toBe(images[0]?.digest);
  });
});
