import { generateKeyPairSync } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tempFolder } from "../../testing/temp-folder.ts";
import { runInWorld } from "../../testing/world.ts";

const LOCK = {
  apiVersion: "skerry.dev/v1",
  kind: "ImageSetLock",
  imageSet: { name: "edge", configDigest: `sha256:${"a".repeat(64)}` },
  createdAt: "2026-01-01T00:00:00.000Z",
  skerryVersion: "0.1.0",
  platforms: [],
  referrers: "all",
  catalogs: [],
  images: [],
  missing: [],
  blobs: [],
  resources: { catalogSources: [], idms: [], itms: [] },
  problems: [],
};

it.each(["ec", "ed25519", "rsa"] as const)("shows, signs and checks a lock with a key of kind %s", async (kind) => {
  await using folder = await tempFolder();
  const { path: dir } = folder;
  const keys =
    kind === "ec"
      ? generateKeyPairSync("ec", { namedCurve: "prime256v1" })
      : kind === "rsa"
        ? generateKeyPairSync("rsa", { modulusLength: 2048 })
        : generateKeyPairSync("ed25519");
  await writeFile(join(dir, "k.key"), keys.privateKey.export({ type: "pkcs8", format: "pem" }));
  await writeFile(join(dir, "k.pub"), keys.publicKey.export({ type: "spki", format: "pem" }));
  await writeFile(join(dir, "imageset.lock"), JSON.stringify(LOCK));
  const run = (...args: string[]): ReturnType<typeof runInWorld> => runInWorld(["lock", ...args], { cwd: dir });
  expect(JSON.parse((await run("show", "imageset.lock", "-o", "json")).stdout)).toEqual(LOCK);
  expect((await run("show", "imageset.lock")).stdout).toContain("Lock of image set edge");
  expect(await run("verify", "--key", "k.pub", "imageset.lock")).toMatchObject({
    code: 5,
    stdout: expect.stringContaining("no signature"),
  });
  expect((await run("sign", "--key", "k.key", "imageset.lock")).code).toBe(0);
  expect((await readFile(join(dir, "imageset.lock.sig"), "utf8")).trim()).toMatch(/^[A-Za-z0-9+/=]+$/);
  expect((await run("verify", "--key", "k.pub", "imageset.lock", "-o", "json")).stdout).toContain('"valid": true');
  await writeFile(join(dir, "imageset.lock"), JSON.stringify({ ...LOCK, skerryVersion: "0.2.0" }));
  const changed = await run("verify", "--key", "k.pub", "imageset.lock");
  expect(changed).toMatchObject({ code: 5, stdout: expect.stringContaining("was changed") });
});

it.each([
  [["show", "none.lock"], "there is no such file"],
  [["sign", "none.lock"], "no key was given"],
  [["verify", "none.lock"], "no key was given"],
])("%j is refused", async (args, message) => {
  const { code, stderr } = await runInWorld(["lock", ...args]);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
