import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HttpEngine } from "@skerry/oci";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sharedPath } from "../../../../tests/shared-data.ts";
import { startTestAppRegistry, type TestAppRegistry, testArchive } from "../testing/app-registry.ts";
import { AppRegistry, type AppRegistryHttp } from "./client.ts";
import { openAppRegistry } from "./open-app-registry.ts";

const manifests = sharedPath("package-manifests");
/** The engine that every request of the command line passes through. */
let testHttp: HttpEngine;
let workdir = "";
let server: TestAppRegistry | undefined;
beforeEach(async () => {
  testHttp = new HttpEngine({ isInsecure: () => true });
  workdir = await mkdtemp(join(tmpdir(), "skerry-appregistry-"));
});
afterEach(async () => {
  await testHttp.close();
  await server?.close();
  server = undefined;
  await rm(workdir, { recursive: true, force: true });
});

const CSV = {
  apiVersion: "operators.coreos.com/v1alpha1",
  kind: "ClusterServiceVersion",
  metadata: { name: "amber.v1.0.0" },
  spec: { version: "1.0.0", customresourcedefinitions: { owned: [{ name: "ambers.amber.test" }] } },
};
const CRD = {
  kind: "CustomResourceDefinition",
  metadata: { name: "ambers.amber.test" },
  spec: { group: "amber.test", names: { kind: "Amber", plural: "ambers" }, versions: [{ name: "v1" }] },
};
const PACKAGE = { packageName: "amber", channels: [{ name: "stable", currentCSV: "amber.v1.0.0" }] };

const nested = {
  "amber-x/1.0.0/csv.yaml": JSON.stringify(CSV),
  "amber-x/1.0.0/crd.yaml": JSON.stringify(CRD),
  "amber-x/amber.package.yaml": "packageName: amber\nchannels: [{name: stable, currentCSV: amber.v1.0.0}]\n",
};
const flat = {
  "bundle.yaml": JSON.stringify({
    data: {
      customResourceDefinitions: JSON.stringify([CRD]),
      clusterServiceVersions: JSON.stringify([CSV]),
      packages: JSON.stringify([PACKAGE]),
    },
  }),
};

describe("openAppRegistry", () => {
  it.each([
    ["nested", nested],
    ["flattened", flat],
  ])("reads a %s package", async (_, content) => {
    server = await startTestAppRegistry([{ name: "amber", release: "1.0.0", archive: await testArchive(content) }]);
    const catalog = await openAppRegistry({ http: testHttp, endpoint: server.endpoint, organisation: "org", workdir });
    expect(catalog.packages.map((info) => [info.name, info.defaultChannel, info.channels.map((channel) => channel.entries)])).toEqual([
      ["amber", "stable", [[{ name: "amber.v1.0.0" }]]],
    ]);
    const bundle = await catalog.bundle("amber", "amber.v1.0.0");
    expect(bundle.properties.map((property) => property.type)).toEqual([
      "olm.gvk",
      "olm.package",
      "olm.bundle.object",
      "olm.bundle.object",
    ]);
    expect(server.requests).toHaveLength(3);
    await catalog.close();
    expect(await readdir(workdir)).toEqual([]);
  });

  it.skipIf(manifests === undefined)("reads real packages as they were published (data/package-manifests)", async () => {
    const archive = async (name: string): Promise<Uint8Array> => {
      const root = join(manifests ?? "", name);
      const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      return testArchive(
        Object.fromEntries(
          files.map((file) => [
            `${name}${join(file.parentPath, file.name).slice(root.length)}`,
            readFileSync(join(file.parentPath, file.name), "utf8"),
          ]),
        ),
      );
    };
    const names = ["eunomia", "postgresql", "teiid"];
    server = await startTestAppRegistry(
      await Promise.all(names.map(async (name) => ({ name, release: "4.0.0", archive: await archive(name) }))),
    );
    const catalog = await openAppRegistry({
      http: testHttp,
      endpoint: server.endpoint,
      organisation: "org",
      packages: ["postgresql", "teiid"],
      workdir,
    });
    expect(catalog.packages.map((info) => [info.name, info.bundles.size])).toEqual([
      ["postgresql", 14],
      ["teiid", 6],
    ]);
    expect(catalog.problems).toEqual([]);
    await catalog.close();
  });

  it("drops a package that cannot be had or unpacked, and goes on", async () => {
    const good = await testArchive(nested);
    server = await startTestAppRegistry([
      { name: "amber", release: "1.0.0", archive: good },
      { name: "beryl", release: "1.0.0", archive: Buffer.from("no gzip") },
    ]);
    const catalog = await openAppRegistry({ http: testHttp, endpoint: server.endpoint, organisation: "org", workdir });
    expect(catalog.packages.map((info) => info.name)).toEqual(["amber"]);
    expect(catalog.problems.map((row) => [row.code, row.package])).toEqual([["PACKAGE_INVALID", "beryl"]]);
    await catalog.close();
  });

  it("logs in, sends the token, and tells a refusal without the password", async () => {
    server = await startTestAppRegistry([{ name: "amber", release: "1.0.0", archive: await testArchive(nested) }], "basic YW15");
    const anonymous = new AppRegistry({ http: testHttp, endpoint: server.endpoint });
    await expect(anonymous.packages("org")).rejects.toMatchObject({
      code: "APPREGISTRY_FAILED",
      message: expect.stringContaining("401: Unauthorized"),
    });
    await expect(anonymous.login("amy", "wr0ng")).rejects.toMatchObject({
      code: "APPREGISTRY_FAILED",
      message: expect.not.stringContaining("wr0ng"),
    });
    const authToken = await anonymous.login("amy", "s3cret");
    expect(await new AppRegistry({ http: testHttp, endpoint: server.endpoint, authToken }).packages("org")).toEqual([
      { namespace: "org", name: "amber", release: "1.0.0" },
    ]);
  });

  it("refuses bytes that are not those of the digest, names that are paths, and odd endpoints", async () => {
    const http = (answers: Record<string, unknown>): AppRegistryHttp => ({
      send: async (request) => ({ status: 200, bytes: async () => Buffer.from(JSON.stringify(answers[request.target] ?? "x")) }),
    });
    const release = { namespace: "org", name: "amber", release: "1" };
    const answers = { "/api/v1/packages/org/amber/1": { content: { digest: "a".repeat(64) } } };
    await expect(new AppRegistry({ http: http(answers), endpoint: "https://q.test" }).archive(release)).rejects.toMatchObject({
      code: "APPREGISTRY_FAILED",
    });
    const listed = {
      "/api/v1/packages?namespace=org": [{ name: "org/../../x", default: "1" }, { name: "other/y", default: "1" }, { name: "org/z" }],
    };
    expect(await new AppRegistry({ http: http(listed), endpoint: "https://q.test" }).packages("org")).toEqual([]);
    for (const endpoint of ["ftp://x", "nonsense", "https://u:p@x"])
      expect(() => new AppRegistry({ http: testHttp, endpoint })).toThrow(/endpoint/);
  });
});
