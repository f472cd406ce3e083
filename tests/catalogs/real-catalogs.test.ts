import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { bundleImages, readCatalogImage } from "@skerry/catalog";
import { formatReference, parseReference, type Reader, Registries, referenceName } from "@skerry/oci";
import { upstreamRepository } from "@skerry-tools/upstream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sharedPath } from "../shared-data.ts";
import { findProgram, runProgram } from "../support/program.ts";
import { type UpstreamWorld, upstreamWorld } from "./upstream-world.ts";

const INDEX = "registry.redhat.io/redhat/community-operator-index";
const [v420, v414] = [sharedPath("catalogs", "v4.20"), sharedPath("catalogs", "v4.14")];
const podman = findProgram("podman");

/** Eight of each: ten channels (sailoperator), tags only (konflux-operator), olm.bundle.object (dell-csm-operator in 4.14). */
const PACKAGES = {
  "v4.20": [
    "sailoperator",
    "konflux-operator",
    "dell-csm-operator",
    "kube-green",
    "ecr-secret-operator",
    "multicluster-global-hub-operator",
    "nfs-provisioner-operator",
    "rabbitmq-messaging-topology-operator",
  ],
  "v4.14": [
    "dell-csm-operator",
    "ecr-secret-operator",
    "koku-metrics-operator",
    "multi-nic-cni-operator",
    "multicluster-global-hub-operator",
    "odf-node-recovery-operator",
    "shipwright-operator",
    "trident-operator",
  ],
} as const;
type Release = keyof typeof PACKAGES;

function operators(release: Release, full: boolean): string {
  return [
    `    - catalog: ${INDEX}:${release}`,
    `      full: ${full}`,
    "      packages:",
    ...PACKAGES[release].map((name) => `        - name: ${name}\n`),
  ].join("\n");
}

describe.skipIf(v420 === undefined || v414 === undefined)("catalogs of OpenShift 4.20 and 4.14 (needs ../shared/data/catalogs)", () => {
  let world: UpstreamWorld;
  let registries: Registries;
  let mapping: ReadonlyMap<string, string>;
  const seen: Record<string, number> = {};

  beforeAll(async () => {
    const config = [
      "apiVersion: mirror.openshift.io/v2alpha1",
      "kind: ImageSetConfiguration",
      "mirror:",
      "  operators:",
      operators("v4.20", true),
      operators("v4.14", false),
    ].join("\n");
    world = await upstreamWorld(
      {
        seed: "real",
        catalogs: [
          { dir: v420 ?? "", reference: `${INDEX}:v4.20`, packages: PACKAGES["v4.20"] },
          { dir: v414 ?? "", reference: `${INDEX}:v4.14`, packages: PACKAGES["v4.14"] },
        ],
      },
      config,
    );
    registries = new Registries({ insecureHosts: [world.mirror.host, world.upstream.host] });
  }, 600_000);

  afterAll(async () => {
    await registries.close();
    await world[Symbol.asyncDispose]();
  }, 600_000);

  test("are mirrored with nothing left to decide", { timeout: 600_000 }, async () => {
    const ended = await world.run("mirror", "-o", "json", "--progress", "none", "--resources", "idms,itms,catalogsource,registriesconf");
    expect(ended.stderr).not.toContain("error");
    expect(ended.code).toBe(0);
    const report = JSON.parse(ended.stdout) as { result: string; images: { outcome: string }[] };
    expect(report.result).toBe("done");
    for (const { outcome } of report.images) seen[outcome] = (seen[outcome] ?? 0) + 1;
    expect(Object.keys(seen).sort()).toEqual(["copied", "mounted"]);
    const lines = (await readFile(join(world.workspace, "mapping.txt"), "utf8")).trim().split("\n");
    mapping = new Map(
      lines.map((line) => line.split("=docker://")).map(([from = "", to = ""]) => [from.replace("docker://", ""), to] as const),
    );
    expect(mapping.size).toBe(report.images.length);
  });

  test.each(["v4.20", "v4.14"] as const)(
    "every image that the written catalog %s names answers at the target, byte for byte",
    async (release) => {
      const target = registries.writer(world.mirror.host);
      const source = registries.writer(world.upstream.host);
      const at = { repository: "ocp/redhat/community-operator-index" };
      const root = await target.resolve(at, release);
      if (root === undefined) throw new Error("the catalog is not at the target");
      const catalog = await readCatalogImage(target, { place: at, descriptor: root }, { workdir: world.folder });
      expect(catalog.packages.map(({ name }) => name)).toEqual([...PACKAGES[release]].sort());
      let images = 0;
      for (const { name, bundles } of catalog.packages) {
        for (const { name: bundle } of bundles.values()) {
          const found = bundleImages(await catalog.bundle(name, bundle));
          expect(found.broken).toEqual([]);
          for (const { reference } of found.images) {
            const destination = mapping.get(formatReference(reference));
            if (destination === undefined) throw new Error(`${reference.text} has no destination`);
            const there = await manifestText(target, destination);
            const original = `${world.upstream.host}/${upstreamRepository(`${reference.registry}/${reference.repository}`)}`;
            const name = reference.digest === undefined ? `:${reference.tag ?? ""}` : `@${reference.digest}`;
            expect(there).toBe(await manifestText(source, original + name));
            images += 1;
          }
        }
      }
      await catalog.close();
      expect(images).toBeGreaterThan(release === "v4.20" ? 900 : 60);
    },
    600_000,
  );

  test("verify reads and hashes every blob, and finds the root of each", { timeout: 600_000 }, async () => {
    const ended = await world.verify("--deep", "-o", "json");
    const report = JSON.parse(ended.stdout) as { result: string; checked: { roots: number }; missing: unknown[]; wrong: unknown[] };
    expect(report).toMatchObject({ result: "ok", missing: [], wrong: [], checked: { roots: mapping.size } });
    expect(ended.code).toBe(0);
  });

  test.skipIf(podman === undefined)(
    "podman pulls five of them by the source's name while the sources are stopped (needs podman)",
    { timeout: 600_000 },
    async () => {
      await world.upstream.close();
      const conf = join(world.workspace, "cluster-resources", "999-skerry-imageset.conf");
      const sources = [...mapping.keys()].filter((name) => !name.startsWith(INDEX));
      const wanted = [
        sources.find((name) => name.includes("/konflux-operator:")),
        sources.find((name) => name.includes("registry.istio.io/")),
        sources.find((name) => name.includes("kube-rbac-proxy")),
        sources.find((name) => name.startsWith("docker.io/")),
        sources.findLast((name) => name.startsWith("quay.io/")),
      ];
      const storage = ["--root", join(world.folder, "storage"), "--runroot", join(world.folder, "run"), "--storage-driver", "vfs"];
      for (const name of wanted) {
        if (name === undefined) throw new Error("an image to pull is not in the mapping");
        const pulled = await runProgram(podman ?? "", [...storage, "pull", "-q", `docker://${name}`], {
          env: { CONTAINERS_REGISTRIES_CONF: conf },
        });
        expect(pulled, `${name}: ${pulled.stderr}`).toMatchObject({ code: 0 });
        expect(pulled.stdout).toMatch(/^[0-9a-f]{64}\n$/);
      }
      await runProgram(podman ?? "", [...storage, "rmi", "--all", "--force"]);
    },
  );
});

async function manifestText(reader: Reader, name: string): Promise<string> {
  const reference = parseReference(name);
  const at = { repository: reference.repository };
  const descriptor = await reader.resolve(at, referenceName(reference));
  if (descriptor === undefined) throw new Error(`${name} is not there`);
  const { mediaType, bytes } = await reader.manifest(at, descriptor);
  return `${mediaType} ${Buffer.from(bytes).toString("base64")}`;
}
