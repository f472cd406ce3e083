import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { digestHex, isDigest } from "@skerry/oci";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CATALOG, imageSet, type Json, type MirrorWorld, mirrorWorld } from "../mirror/world.ts";
import { type FarRun, farSideOf } from "./far-side.ts";

describe("a folder of oc mirror v2 as the source", () => {
  let world: MirrorWorld;
  let far: (...args: readonly string[]) => Promise<FarRun>;
  let lock: string;
  let document: Json;
  let cache: string;

  beforeAll(async () => {
    world = await mirrorWorld();
    far = await farSideOf(world);
    const config = await world.config(imageSet("- name: beacon-operator\n- name: buoy-operator"));
    const archive = join(world.dir, "archive");
    expect((await world.json("mirror", "-c", config, "--name", "job", `file://${archive}`)).code).toBe(0);
    lock = join(world.dir, "skerry-job", "imageset.lock");
    document = JSON.parse(await readFile(lock, "utf8"));
    // What the other tool has: every image as it was published, the catalog too, which Skerry had filtered.
    const layout = join(world.dir, "layout");
    await mkdir(layout, { recursive: true });
    const tar = join(world.dir, "all.tar");
    const volumes = (await readdir(archive)).filter((name) => name.endsWith(".tar")).map((name) => join(archive, name));
    execFileSync("sh", ["-c", `cat ${volumes.join(" ")} > ${tar} && tar xf ${tar} -C ${layout}`]);
    expect((await world.run("copy", CATALOG, `oci:${join(world.dir, "published")}:v1`)).code).toBe(0);
    cache = join(world.dir, "home", ".oc-mirror", ".cache");
    await asDistribution(join(layout, "blobs", "sha256"), cache);
    await asDistribution(join(world.dir, "published", "blobs", "sha256"), cache);
    const { targetDigest } = document.catalogs[0];
    await rm(join(cache, blobPath(digestHex(targetDigest))));
    world.source.interfere(() => "cut");
    world.source.reset();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const into = (prefix: string): string => `docker://${world.target.host}/${prefix}`;
  const from = (dir: string, prefix: string, ...more: readonly string[]): Promise<FarRun> =>
    far("mirror", "--from", `file://${dir}`, "--insecure", "--workspace", join(world.dir, `w-${prefix}`), ...more, into(prefix));

  it("gives what a lock names, from its cache and from its tars, and the catalog is filtered again", async () => {
    const tars = join(world.dir, "tars");
    await mkdir(tars);
    execFileSync("tar", ["--format=pax", "-cf", join(tars, "mirror_000001.tar"), "-C", cache, "docker"]);
    for (const [dir, prefix] of [
      [join(world.dir, "home"), "cache"],
      [tars, "tars"],
    ] as const) {
      const { code, result, error } = await from(dir, prefix, "--lock", lock);
      expect([error, code]).toEqual(["", 0]);
      expect(result.catalogs[0].targetDigest).toBe(document.catalogs[0].targetDigest);
      expect((await far("verify", "--deep", "--insecure", into(prefix))).result.result).toBe("ok");
    }
    expect(world.source.seen).toEqual([]);
  });

  it("without a lock nothing says what to bring", async () => {
    expect((await from(join(world.dir, "home"), "none")).code).toBe(2);
  });

  it("a gap ends it before the first write; what answers the request brings the rest", async () => {
    const thin = join(world.dir, "thin");
    await cp(cache, thin, { recursive: true });
    const victim = document.images.find((image: Json) => image.kind === "related").digest;
    const manifest = JSON.parse(await readFile(join(thin, blobPath(digestHex(victim))), "utf8"));
    const lost = (manifest.layers ?? manifest.manifests)[0].digest;
    await rm(join(thin, blobPath(digestHex(lost))));
    world.target.reset();
    const { code, error } = await from(thin, "gap", "--lock", lock);
    expect([code, error.code]).toEqual([4, "GAP"]);
    expect(world.target.seen.filter(({ method }) => method !== "GET" && method !== "HEAD")).toEqual([]);
    const request = join(world.dir, "w-gap", "request.json");
    const asked = JSON.parse(await readFile(request, "utf8"));
    expect([asked.forArchive, asked.missing.map((row: Json) => row.digest)]).toEqual(["job", [lost]]);
    world.source.interfere(undefined);
    const answer = join(world.dir, "answer");
    expect((await world.json("mirror", "--lock", lock, "--request", request, `file://${answer}`)).code).toBe(0);
    world.source.interfere(() => "cut");
    expect((await from(answer, "gap")).code).toBe(0);
    expect((await from(thin, "gap", "--lock", lock)).code).toBe(0);
    expect((await far("verify", "--deep", "--insecure", into("gap"))).result.result).toBe("ok");
  });

  it("with a trust key the lock has to be signed", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    await writeFile(join(world.dir, "key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
    await writeFile(join(world.dir, "key.pub"), publicKey.export({ type: "spki", format: "pem" }));
    const trust = ["--lock", lock, "--trust-key", join(world.dir, "key.pub")];
    const refused = await from(join(world.dir, "home"), "signed", ...trust);
    expect([refused.code, refused.error.code]).toEqual([4, "SIGNATURE_INVALID"]);
    expect((await far("lock", "sign", "--key", join(world.dir, "key.pem"), lock)).code).toBe(0);
    expect((await from(join(world.dir, "home"), "signed", ...trust)).code).toBe(0);
  });

  it("can be written into an archive of ours", async () => {
    const out = join(world.dir, "ours");
    const { code } = await far("mirror", "--from", `file://${join(world.dir, "home")}`, "--lock", lock, `file://${out}`);
    expect(code).toBe(0);
    expect((await far("archive", "verify", out)).result.result).toBe("ok");
    expect((await from(out, "ours")).code).toBe(0);
  });
});

/** Puts blobs where distribution's file system driver keeps them. */
async function asDistribution(blobs: string, root: string): Promise<void> {
  for (const hex of await readdir(blobs)) {
    if (!isDigest(`sha256:${hex}`)) continue;
    const path = join(root, blobPath(hex));
    await mkdir(dirname(path), { recursive: true });
    await rename(join(blobs, hex), path);
  }
}

function blobPath(hex: string): string {
  return `docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
}
