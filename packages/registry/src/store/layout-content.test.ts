import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestHex, digestOf } from "@skerry/oci";
import { expect, test } from "vitest";
import { startRegistry } from "../server.ts";
import { openLayoutContent } from "./layout-content.ts";

const OCI = "application/vnd.oci.image.manifest.v1+json";

async function makeLayout(folder: string): Promise<{ manifest: Buffer; layer: Buffer }> {
  await mkdir(join(folder, "blobs", "sha256"), { recursive: true });
  const put = async (bytes: Buffer): Promise<{ digest: string; size: number }> => {
    const digest = digestOf(bytes);
    await writeFile(join(folder, "blobs", "sha256", digestHex(digest)), bytes);
    return { digest, size: bytes.length };
  };
  const layer = Buffer.from("a layer");
  const config = { mediaType: "application/vnd.oci.image.config.v1+json", ...(await put(Buffer.from("{}"))) };
  const layers = [{ mediaType: "application/vnd.oci.image.layer.v1.tar", ...(await put(layer)) }];
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI, config, layers }));
  const stored = await put(manifest);
  const note = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI,
      artifactType: "text/x",
      config,
      layers: [],
      subject: { mediaType: OCI, ...stored },
    }),
  );
  const names = ["team/app:v1", "team/app:v2", "plain"];
  const manifests = [
    ...names.map((name) => ({ mediaType: OCI, ...stored, annotations: { "org.opencontainers.image.ref.name": name } })),
    { mediaType: OCI, ...(await put(note)), annotations: { "org.opencontainers.image.ref.name": "team/app" } },
  ];
  await writeFile(join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  return { manifest, layer };
}

test("a layout is served as it lies there, and takes no writes", async () => {
  const scratch = await mkdtemp(join(tmpdir(), "skerry-layout-"));
  const { manifest, layer } = await makeLayout(join(scratch, "layout"));
  const content = await openLayoutContent(join(scratch, "layout"));
  const registry = await startRegistry({ root: join(scratch, "root"), content });
  const ask = (path: string, init: RequestInit = {}): Promise<Response> => fetch(new URL(path, registry.url), init);
  try {
    expect(await (await ask("/v2/_catalog")).json()).toEqual({ repositories: ["layout", "team/app"] });
    expect(await (await ask("/v2/team/app/tags/list")).json()).toEqual({ name: "team/app", tags: ["v1", "v2"] });
    expect(await (await ask("/v2/team/app/manifests/v1")).text()).toBe(manifest.toString());
    expect(await (await ask("/v2/layout/manifests/plain")).text()).toBe(manifest.toString());
    expect(await (await ask(`/v2/team/app/blobs/${digestOf(layer)}`)).text()).toBe("a layer");
    const referrers = (await (await ask(`/v2/team/app/referrers/${digestOf(manifest)}`)).json()) as { manifests: object[] };
    expect(referrers.manifests).toMatchObject([{ artifactType: "text/x" }]);
    expect((await ask("/v2/team/app/blobs/uploads/", { method: "POST" })).status).toBe(405);
    expect((await ask("/v2/team/app/manifests/v1", { method: "DELETE" })).status).toBe(405);
  } finally {
    await registry.close();
    await rm(scratch, { recursive: true });
  }
});

test("a folder that is no layout is refused", async () => {
  await expect(openLayoutContent("/nonexistent")).rejects.toMatchObject({ code: "ROOT_INVALID" });
});
