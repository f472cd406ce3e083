import { DigestPool, MemoryStore, openContentPlace, Registries, transfer } from "@skerry/oci";
import { startRegistry } from "@skerry/registry";
import { expect, test } from "vitest";
import { addImage, addIndex, linux } from "../../packages/oci/src/testing/images.ts";
import { findProgram, runProgram } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

const skopeo = findProgram("skopeo");

test.skipIf(skopeo === undefined)("what skopeo sync left on a disk need not be fetched again (needs skopeo)", async () => {
  await using folder = await tempFolder();
  await using upstream = await startRegistry({ root: folder.join("upstream") });
  await using mirror = await startRegistry({ root: folder.join("mirror") });
  await using registries = new Registries({ insecureHosts: [upstream.host, mirror.host] });
  const memory = new MemoryStore();
  const at = { repository: "org/app" };
  const manifests = await Promise.all(
    ["amd64", "arm64"].map((arch) => addImage(memory, at, { layers: ["base", arch], platform: linux(arch) })),
  );
  const descriptor = await addIndex(memory, at, { manifests, tags: ["v1"] });
  const root = { id: "app", source: memory, from: at, descriptor, to: at, tags: ["v1"], referrers: "none" } as const;
  await transfer([root], registries.writer(upstream.host));

  const words = ["--insecure-policy", "sync", "--all", "--scoped", "--src-tls-verify=false", "--src", "docker", "--dest", "dir"];
  const synced = await runProgram(skopeo ?? "", [...words, `${upstream.host}/org/app`, folder.join("synced")]);
  expect([synced.code, synced.stderr.split("\n").at(-2)]).toEqual([0, expect.stringContaining("Synced 1 images")]);

  const pool = new DigestPool([await openContentPlace(folder.join("synced"))], { fallback: registries.reader(upstream.host) });
  const before = registries.requests()[upstream.host]?.["GET"];
  const report = await transfer([{ ...root, source: pool }], registries.writer(mirror.host));
  expect(report.outcomes.map(({ outcome, error }) => [outcome, error?.message])).toEqual([["copied", undefined]]);
  expect(registries.requests()[upstream.host]?.["GET"]).toBe(before);
  expect((await registries.reader(mirror.host).resolve(at, "v1"))?.digest).toBe(descriptor.digest);
});
