import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { imageSet, type Json, type MirrorWorld, mirrorWorld } from "./world.ts";

const PACKAGES = `- name: beacon-operator
- name: chart-store
  channels:
    - name: stable
      minVersion: 2.0.0
      maxVersion: 2.1.0
  defaultChannel: stable`;

async function digestAt(world: MirrorWorld, repository: string, tag: string): Promise<string | null> {
  const answer = await fetch(`http://${world.mirror.host}/v2/${repository}/manifests/${tag}`, { method: "HEAD" });
  return answer.headers.get("docker-content-digest");
}

/** Refuses the manifest of a bundle's own image at the target. */
async function refuseBundle(world: MirrorWorld, bundle: string, config: string, target: string): Promise<Json> {
  const { result } = await world.json("plan", "-c", config, "--name", "set", target);
  const bad = result.images.find(
    (image: Json) => image.kind === "bundle" && image.reasons.some((reason: Json) => reason.bundle === bundle),
  );
  world.target.interfere(({ method, url }) =>
    method === "PUT" && url.startsWith(`/v2/${bad.destination.repository}/manifests/`) && url.includes(bad.digest.slice(7, 19))
      ? { status: 400, code: "MANIFEST_INVALID" }
      : method === "PUT" && url === `/v2/${bad.destination.repository}/manifests/${bad.destination.tag}`
        ? { status: 400, code: "MANIFEST_INVALID" }
        : undefined,
  );
  return bad;
}

describe("--partial-catalog drop-bundles", () => {
  it("pushes the catalog without the bundle whose image failed, and everything names what is there", async () => {
    await using world = await mirrorWorld();
    const target = `docker://${world.target.host}/isle`;
    const config = await world.config(imageSet(PACKAGES));
    const bad = await refuseBundle(world, "chart-store.v2.1.0", config, target);
    const args = ["mirror", "-c", config, "--name", "set", "--partial-catalog", "drop-bundles", target];
    const { code, result, stderr } = await world.json(...args);
    expect({ code, result: result?.result, stderr }).toMatchObject({ code: 3, result: "partial" });
    expect(result.images.filter((image: Json) => image.outcome === "failed").map((image: Json) => image.origin)).toEqual([bad.origin]);
    const there = await digestAt(world, "isle/catalogs/operator-index", "v1");
    expect(result.catalogs).toEqual([expect.objectContaining({ outcome: "copied", targetDigest: there })]);
    expect(result.problems.filter((row: Json) => row.code === "BUNDLE_DROPPED")).toEqual([
      expect.objectContaining({ bundle: "chart-store.v2.1.0", package: "chart-store", original: bad.origin, action: "dropped" }),
    ]);
    const written = await readFile(join(world.dir, "skerry-set", "cluster-resources", "cs-operator-index-v1.yaml"), "utf8");
    expect(written).toContain(String(there));

    const image = `docker://${world.target.host}/isle/catalogs/operator-index:v1`;
    const shown = await world.json("catalog", "show", "chart-store", "--catalog", image);
    expect(JSON.stringify(shown.result)).toContain("chart-store.v2.0.1");
    expect(JSON.stringify(shown.result)).not.toContain("chart-store.v2.1.0");
    expect((await world.json("catalog", "validate", image)).code).toBe(0);
    // The lock at the target promises what is there, so that nothing is missing from it.
    const verified = await world.json("verify", target);
    expect({ code: verified.code, result: verified.result }).toMatchObject({ code: 0 });

    // The same failure again moves nothing; mended, the whole catalog takes the tag.
    const again = await world.json(...args);
    expect(again.result.catalogs).toEqual([expect.objectContaining({ outcome: "present", targetDigest: there })]);
    world.target.interfere(undefined);
    const mended = await world.json(...args);
    expect({ code: mended.code, result: mended.result.result }).toEqual({ code: 0, result: "done" });
    expect(await digestAt(world, "isle/catalogs/operator-index", "v1")).toBe(mended.result.catalogs[0].targetDigest);
    expect(mended.result.catalogs[0].targetDigest).not.toBe(there);
    expect((await world.json("verify", target)).code).toBe(0);
  });

  it("keeps the previous catalog where a channel would break, and says which cut broke it", async () => {
    await using world = await mirrorWorld();
    const target = `docker://${world.target.host}/isle`;
    const before = await world.config(imageSet("- name: beacon-operator"));
    expect((await world.json("mirror", "-c", before, "--name", "set", target)).code).toBe(0);
    const previous = await digestAt(world, "isle/catalogs/operator-index", "v1");
    const config = await world.config(imageSet(PACKAGES));
    const bad = await refuseBundle(world, "chart-store.v2.0.1", config, target);
    const { code, result } = await world.json("mirror", "-c", config, "--name", "set", "--partial-catalog", "drop-bundles", target);
    expect(code).toBe(3);
    expect(result.catalogs).toEqual([expect.objectContaining({ outcome: "skipped" })]);
    const { reason } = result.catalogs[0];
    for (const part of ["previous catalog stays", "chart-store.v2.0.1", bad.origin, "channel stable of chart-store", "2 heads"])
      expect(reason).toContain(part);
    expect(result.problems.filter((row: Json) => row.code === "BUNDLE_DROPPED")).toEqual([]);
    expect(await digestAt(world, "isle/catalogs/operator-index", "v1")).toBe(previous);
    const written = await readFile(join(world.dir, "skerry-set", "cluster-resources", "cs-operator-index-v1.yaml"), "utf8");
    expect(written).toContain(String(previous));
  });

  it("leaves out a bundle whose image is gone from its source", async () => {
    await using world = await mirrorWorld();
    const config = await world.config(imageSet(PACKAGES));
    const { result: whole } = await world.json("plan", "-c", config, "--name", "other");
    const bad = whole.images.find(
      (image: Json) => image.reasons.some((reason: Json) => reason.bundle === "chart-store.v2.0.0") && image.kind === "bundle",
    );
    await using other = await mirrorWorld();
    const set = await other.config(imageSet(PACKAGES));
    const digest = bad.origin.split("@")[1] ?? "none";
    other.source.interfere(({ url }) => (url.includes(digest) ? { status: 404, code: "MANIFEST_UNKNOWN" } : undefined));
    const mirrored = await other.json(
      "mirror",
      "-c",
      set,
      "--name",
      "set",
      "--partial-catalog",
      "drop-bundles",
      `docker://${other.target.host}/isle`,
    );
    expect(mirrored.code).toBe(3);
    expect(mirrored.result.catalogs[0].outcome).toBe("copied");
    expect(mirrored.result.catalogs[0].targetDigest).toBe(await digestAt(other, "isle/catalogs/operator-index", "v1"));
    expect(mirrored.result.problems.filter((row: Json) => row.code === "BUNDLE_DROPPED").map((row: Json) => row.bundle)).toEqual([
      "chart-store.v2.0.0",
    ]);
  });
});
