import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sharedPath } from "../../../../tests/shared-data.ts";
import { buildDatabaseImage } from "../image/build-database-image.ts";
import { imageConfig, platformImages } from "../image/image-manifest.ts";
import { LABELS } from "../image/kind.ts";
import { readCatalogImage } from "../image/read-catalog-image.ts";
import { TestStore, testLayer } from "../image/test-image.ts";
import { openFileCatalog } from "../open-catalog.ts";
import { writeDatabase } from "../sqlite/write-database.ts";
import { catalogShape } from "../write/test-shape.ts";
import { wholeCatalog } from "../write/whole-catalog.ts";
import { catalogFormat, openCatalog } from "./open-any.ts";
import { writeCatalogFiles } from "./write-files.ts";

const bundles = sharedPath("bundles");
const databases = sharedPath("sqlite");
const catalogs = sharedPath("catalogs");
const PACKAGE =
  '{"schema":"olm.package","name":"amber","defaultChannel":"stable"}\n{"schema":"olm.channel","name":"stable","package":"amber","entries":[{"name":"a"}]}\n{"schema":"olm.bundle","name":"a","package":"amber","image":"q.io/a/b:1","properties":[{"type":"olm.package","value":{"packageName":"amber","version":"1.0.0"}}]}\n';

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "skerry-open-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe("catalogFormat", () => {
  it("tells catalogs by what they are", async () => {
    const at = (path: string): string => join(directory, path);
    await mkdir(at("layout"));
    await writeFile(at("layout/oci-layout"), "{}");
    await mkdir(at("bundle/manifests"), { recursive: true });
    await mkdir(at("bundle/metadata"));
    await mkdir(at("old/amber"), { recursive: true });
    await writeFile(at("old/amber/amber.package.yaml"), "packageName: amber\n");
    await mkdir(at("fbc/amber"), { recursive: true });
    await writeFile(at("fbc/amber/catalog.json"), PACKAGE);
    await writeFile(at("x.db"), "SQLite format 3\0");
    await mkdir(at("quay.io/x"), { recursive: true });
    const names = [
      "-",
      "docker://q.io/x:1",
      "oci:x",
      "q.io/x:1",
      "localhost/x",
      "127.0.0.1:5000/x",
      ...["layout", "bundle", "old", "fbc", "fbc/amber/catalog.json", "x.db", "quay.io/x"].map(at),
    ];
    expect(await Promise.all(names.map((name) => catalogFormat(name)))).toEqual([
      "stdin",
      "image",
      "image",
      "image",
      "image",
      "image",
      "layout",
      "bundle",
      "package-manifests",
      "file-based",
      "file-based",
      "sqlite",
      "file-based",
    ]);
    for (const name of ["nothing", "./q.io/x", at("none")])
      await expect(catalogFormat(name)).rejects.toMatchObject({ code: "CATALOG_UNREADABLE" });
  });
});

describe("openCatalog", () => {
  it("opens a folder, standard input, and an image, and names each as it was asked for", async () => {
    await writeFile(join(directory, "c.json"), PACKAGE);
    const store = new TestStore();
    const descriptor = await store.image({
      layers: [await testLayer({ "configs/c.json": PACKAGE })],
      labels: { [LABELS.configs]: "/configs/" },
    });
    const options = {
      workdir: join(directory, "work"),
      stdin: (async function* () {
        yield Buffer.from(PACKAGE);
      })(),
      image: async () => ({ reader: store, place: store.place, descriptor }),
    };
    for (const text of [join(directory, "c.json"), "-", "docker://q.io/cats/x:1"]) {
      const catalog = await openCatalog(text, options);
      expect([catalog.name, catalog.packages.map((info) => info.name), catalog.problems]).toEqual([text, ["amber"], []]);
      await catalog.close();
    }
    expect(await readdir(options.workdir)).toEqual([]);
    await expect(openCatalog("docker://q.io/x:1", { workdir: directory })).rejects.toMatchObject({ code: "CATALOG_UNREADABLE" });
  });

  it.skipIf(bundles === undefined)("opens a bundle's folder and image as a catalog of one version (data/bundles)", async () => {
    const path = join(bundles ?? "", "dns-operator", "0.6.0");
    const content: Record<string, string> = {};
    for (const folder of ["manifests", "metadata"])
      for (const name of await readdir(join(path, folder))) content[`${folder}/${name}`] = await readFile(join(path, folder, name), "utf8");
    const store = new TestStore();
    const descriptor = await store.image({ layers: [await testLayer(content)], labels: { [LABELS.bundlePackage]: "dns-operator" } });
    const image = async () => ({ reader: store, place: store.place, descriptor });
    for (const [text, own] of [
      [path, ""],
      ["docker://q.io/dns/bundle:v0.6.0", "q.io/dns/bundle:v0.6.0"],
    ] as const) {
      const catalog = await openCatalog(text, { workdir: join(directory, "work"), image });
      expect(catalogShape(catalog)).toMatchObject([
        { name: "dns-operator", channels: [{ name: "stable" }], bundles: [["dns-operator.v0.6.0", own, "0.6.0"]] },
      ]);
      await catalog.close();
    }
  });
});

describe.skipIf(databases === undefined)("buildDatabaseImage (data/sqlite, data/catalogs)", () => {
  it("puts the database over a base whose server is pointed at it, and reads it back out of the image", async () => {
    const catalog = await openFileCatalog(`${catalogs}/v4.20/dell-csm-operator`);
    await writeDatabase({ catalog, selected: wholeCatalog(catalog) }, join(directory, "bundles.db"));
    const store = new TestStore();
    const base = await store.image({
      layers: [await testLayer({ "bin/registry-server": "x", "bundles.db": "old" })],
      config: { Entrypoint: ["/bin/registry-server"], Cmd: ["--database", "/registry/bundles.db"] },
      docker: true,
    });
    const built = await buildDatabaseImage({
      base: { reader: store, place: store.place, descriptor: base },
      database: join(directory, "bundles.db"),
      workdir: join(directory, "work"),
    });
    for await (const image of platformImages({ reader: built.reader, place: store.place, descriptor: built.root })) {
      expect(await imageConfig({ reader: built.reader, place: store.place }, image.manifest)).toMatchObject({
        config: { Entrypoint: ["/bin/registry-server"], Cmd: ["--database", "/bundles.db"], Labels: { [LABELS.database]: "/bundles.db" } },
      });
    }
    const back = await readCatalogImage(built.reader, { place: store.place, descriptor: built.root }, { workdir: join(directory, "read") });
    expect(back.packages.map((info) => [info.name, info.bundles.size])).toEqual(
      catalog.packages.map((info) => [info.name, info.bundles.size]),
    );
    await back.close();
    await built.close();
    await catalog.close();
    expect(await readdir(join(directory, "work"))).toEqual([]);
  });

  it("opens a database by its label or as a file", async () => {
    const store = new TestStore();
    await cp(`${databases}/oc-test.db`, join(directory, "oc-test.db"));
    const bytes = await readFile(join(directory, "oc-test.db"));
    const member = {
      path: "database/index.db",
      size: bytes.byteLength,
      content: (async function* () {
        yield bytes;
      })(),
    };
    const descriptor = await store.image({ layers: [await testLayer([member])], labels: { [LABELS.database]: "/database/index.db" } });
    for (const text of ["docker://q.io/x:1", join(directory, "oc-test.db")]) {
      const catalog = await openCatalog(text, {
        workdir: join(directory, "work"),
        image: async () => ({ reader: store, place: store.place, descriptor }),
      });
      expect(catalog.packages.map((info) => info.name)).toEqual(["etcd", "prometheus"]);
      await catalog.close();
    }
    expect(await readdir(join(directory, "work"))).toEqual([]);
  });
});

describe("writeCatalogFiles", () => {
  it("writes private files, never over others and never outside", async () => {
    const file = (path: string) => [
      {
        path,
        content: (async function* () {
          yield Buffer.from("x");
        })(),
      },
    ];
    await writeCatalogFiles(file("a/catalog.json"), join(directory, "out"));
    expect(await readFile(join(directory, "out/a/catalog.json"), "utf8")).toBe("x");
    await expect(writeCatalogFiles(file("a/catalog.json"), join(directory, "out"))).rejects.toMatchObject({ code: "IO_FAILED" });
    await expect(writeCatalogFiles(file("../x"), join(directory, "out"))).rejects.toMatchObject({ code: "PATH_UNSAFE" });
  });
});
