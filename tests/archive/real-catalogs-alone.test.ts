import { cp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type UpstreamWorld, upstreamWorld } from "../catalogs/upstream-world.ts";
import type { Json } from "../mirror/world.ts";
import { sharedPath } from "../shared-data.ts";
import { findProgram } from "../support/program.ts";
import { runSkerry } from "../support/skerry.ts";
import { type AloneRun, aloneFlags, runAlone } from "./alone.ts";

const INDEX = "registry.redhat.io/redhat/community-operator-index";
const RELEASES = [
  // Images by tag only; several source hosts.
  {
    release: "v4.20",
    dir: sharedPath("catalogs", "v4.20"),
    packages: ["konflux-operator", "kube-green", "multicluster-global-hub-operator"],
  },
  // Bundles inside olm.bundle.object.
  {
    release: "v4.14",
    dir: sharedPath("catalogs", "v4.14"),
    packages: ["dell-csm-operator", "koku-metrics-operator", "shipwright-operator"],
  },
] as const;

const isHere = RELEASES.every(({ dir }) => dir !== undefined);
const podman = findProgram("podman");

describe.skipIf(!isHere || aloneFlags === undefined)(
  "catalogs of OpenShift 4.20 and 4.14 across a gap (needs ../shared/data/catalogs and unshare -n)",
  () => {
    let world: UpstreamWorld;
    let exported: Json;
    let far: string;
    let alone: AloneRun;

    beforeAll(async () => {
      const config = [
        "apiVersion: mirror.openshift.io/v2alpha1",
        "kind: ImageSetConfiguration",
        "mirror:",
        "  operators:",
        ...RELEASES.flatMap(({ release, packages }) => [
          `    - catalog: ${INDEX}:${release}`,
          "      packages:",
          ...packages.map((name) => `        - name: ${name}`),
        ]),
      ].join("\n");
      const catalogs = RELEASES.map(({ release, dir, packages }) => ({ dir: dir ?? "", reference: `${INDEX}:${release}`, packages }));
      world = await upstreamWorld({ seed: "across", totalBytes: 8 * 1024 * 1024, catalogs }, config);
      far = join(world.folder, "far");
      const near = join(world.folder, "near");
      const ended = await runSkerry(
        [
          ...["mirror", "-c", join(world.folder, "imageset.yaml"), "--workspace", world.workspace, "--volume-size", "1MiB"],
          ...["--registries-conf", world.upstream.registriesConfPath, "--insecure", "-q", "-o", "json", `file://${near}`],
        ],
        { cwd: world.folder, env: { HOME: world.folder } },
      );
      expect(ended, ended.stderr).toMatchObject({ code: 0 });
      exported = JSON.parse(ended.stdout);
      // What is carried: the files of the archive, and nothing else of this side.
      await cp(near, join(far, "disk"), { recursive: true });
      await rm(near, { recursive: true });
      await world.upstream.close();
      const talk = "--log-level debug --progress none";
      alone = await runAlone(far, ({ skerry, registry }) => [
        `${skerry} mirror --from "file://${far}/disk" --insecure -q -o json ${registry}/isle > imported.json`,
        `${skerry} verify --deep --as-node --insecure ${talk} -o json ${registry}/isle > verified.json 2> verified.log`,
      ]);
    }, 600_000);
    afterAll(() => world[Symbol.asyncDispose](), 600_000);

    async function result(name: string): Promise<Json> {
      return JSON.parse(await readFile(join(far, name), "utf8"));
    }

    it("arrive whole, every blob hashed, and a node gets every image from the mirror", async () => {
      expect(alone.ended, alone.ended.stderr).toMatchObject({ code: 0 });
      expect(exported).toMatchObject({ result: "done", archive: { missing: [], relies: 0 } });
      expect(exported.archive.volumes.length).toBeGreaterThan(2);
      const imported = await result("imported.json");
      expect(imported.result).toBe("done");
      expect(originsOf(imported)).toEqual(originsOf(exported));
      const verified = await result("verified.json");
      expect(verified).toMatchObject({ result: "ok", missing: [], wrong: [], checked: { deep: true, roots: exported.images.length } });
    });

    it("look no name up", () => expect(alone.lookups).toEqual([]));

    it("bring both catalogs and what tells a cluster of them", async () => {
      const { catalogs } = await result("imported.json");
      expect(catalogs.map(({ catalog, outcome }: Json) => [catalog, outcome]).sort()).toEqual([
        [`${INDEX}:v4.14`, "copied"],
        [`${INDEX}:v4.20`, "copied"],
      ]);
      const files = await readdir(join(far, "skerry-imageset", "cluster-resources"));
      for (const start of ["cs-", "cc-", "idms-", "itms-"]) expect(files.filter((name) => name.startsWith(start))).not.toEqual([]);
    });

    it.skipIf(podman === undefined || aloneFlags?.includes("-nm") !== true)(
      "are pulled by podman, by the sources' names (needs podman and root)",
      async () => {
        const log = await readFile(join(far, "verified.log"), "utf8");
        expect(log).not.toContain("podman cannot pull");
        expect(log.match(/podman pulled /g)?.length).toBe(5);
      },
    );
  },
);

function originsOf({ images }: Json): string[] {
  return images.map(({ origin }: { origin: string }) => origin).sort();
}
