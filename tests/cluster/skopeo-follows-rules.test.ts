import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildClusterResources, type MirroredImage, mirrorEntriesOf, readNodeRules, resolveAsNode } from "@skerry/cluster";
import { type Digest, digestOf } from "@skerry/oci";
import { type RunningRegistry, startRegistry } from "@skerry/registry";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const hasSkopeo = spawnSync("skopeo", ["--version"]).status === 0;

/** Sources that no resolver answers: what skopeo reads, it reads at the mirror. */
const IMAGES = [
  { name: "quay.invalid/org/app", tag: "v1", repository: "org/app" },
  { name: "quay.invalid/org/app", repository: "org/app" },
  { name: "quay.invalid/org/renamed", repository: "other/place" },
  { name: "registry.invalid:5000/a/b/c", tag: "latest", repository: "a/b/c" },
  { name: "registry.invalid:5000/solo", repository: "solo" },
] as const;

describe.skipIf(!hasSkopeo)("skopeo follows the generated registries.conf", () => {
  let folder: string;
  let registry: RunningRegistry;
  let digest: Digest;
  let images: MirroredImage[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "skerry-node-"));
    registry = await startRegistry({ root: join(folder, "registry"), listen: "127.0.0.1:0" });
    for (const image of IMAGES) digest = await push(image.repository, "tag" in image ? image.tag : "kept");
    images = IMAGES.map((image) => ({
      origin: "tag" in image ? `${image.name}:${image.tag}` : `${image.name}@${digest}`,
      kind: "related",
      destination: { repository: image.repository, tag: "tag" in image ? image.tag : "kept" },
    }));
  });

  afterAll(async () => {
    await registry.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function push(repository: string, tag: string): Promise<Digest> {
    const config = new TextEncoder().encode("{}");
    const url = `${registry.url}/v2/ocp/${repository}`;
    const upload = await fetch(`${url}/blobs/uploads/?digest=${digestOf(config)}`, { method: "POST", body: config });
    expect(upload.status).toBe(201);
    const manifest = new TextEncoder().encode(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf(config), size: config.length },
        layers: [],
      }),
    );
    const headers = { "content-type": "application/vnd.oci.image.manifest.v1+json" };
    const put = await fetch(`${url}/manifests/${tag}`, { method: "PUT", body: manifest, headers });
    expect(put.status).toBe(201);
    return digestOf(manifest);
  }

  function confOf(scope: "repository" | "namespace" | "registry"): string {
    const mirrors = mirrorEntriesOf(images, `${registry.host}/ocp`).entries;
    const profile = { flavour: "microshift", version: "4.20" } as const;
    const { files } = buildClusterResources({ profile, imageSet: "edge", mirrors, catalogs: [], scope, insecureHosts: [registry.host] });
    return files[0]?.text ?? "";
  }

  async function inspect(reference: string, conf: string): Promise<Digest | "failed"> {
    const path = join(folder, "registries.conf");
    await writeFile(path, conf);
    const env = { PATH: process.env["PATH"], HOME: folder };
    const result = await run("skopeo", ["--registries-conf", path, "inspect", "--raw", "--retry-times", "0", `docker://${reference}`], {
      env,
      encoding: "buffer",
    }).catch(() => undefined);
    return result === undefined ? "failed" : digestOf(result.stdout);
  }

  test.each(["repository", "namespace", "registry"] as const)("scope %s: every source reference is read at the mirror", async (scope) => {
    const conf = confOf(scope);
    const rules = readNodeRules({ registriesConf: [conf] });
    for (const { origin, destination } of images) {
      expect(await inspect(origin, conf)).toBe(digest);
      expect(resolveAsNode(origin, rules)[0]).toMatchObject({
        host: registry.host,
        repository: `ocp/${destination.repository}`,
        insecure: true,
      });
    }
  });

  test("what only digests may be pulled from is not asked for a tag, there as here", async () => {
    const conf = confOf("repository");
    const reference = "quay.invalid/org/renamed:kept";
    expect(await inspect(reference, conf)).toBe("failed");
    expect(resolveAsNode(reference, readNodeRules({ registriesConf: [conf] })).map((candidate) => candidate.from)).toEqual(["source"]);
  });
});
