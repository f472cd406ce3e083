import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runInWorld } from "../../testing/world.ts";

const LOCK = {
  apiVersion: "skerry.dev/v1",
  kind: "ImageSetLock",
  imageSet: { name: "isle", configDigest: `sha256:${"0".repeat(64)}` },
  createdAt: "2026-01-02T03:04:05.000Z",
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

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "skerry-lock-"));
  await writeFile(join(dir, "a.lock"), JSON.stringify(LOCK));
  await keys("own", generateKeyPairSync("ec", { namedCurve: "P-256" }));
  await keys("other", generateKeyPairSync("ed25519"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function keys(name: string, pair: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }): Promise<void> {
  await writeFile(join(dir, `${name}.pem`), pair.privateKey.export({ type: "pkcs8", format: "pem" }));
  await writeFile(join(dir, `${name}.pub`), pair.publicKey.export({ type: "spki", format: "pem" }));
}

const lock = (...args: readonly string[]): ReturnType<typeof runInWorld> => runInWorld(["lock", ...args], { cwd: dir });

test("a lock is shown as text and as the document that it is", async () => {
  expect((await lock("show", "a.lock")).stdout).toContain("Lock of image set isle, 2026-01-02T03:04:05.000Z, sha256:");
  expect(JSON.parse((await lock("show", "a.lock", "-o", "json")).stdout)).toEqual(LOCK);
});

test("a signature is made beside the lock, and checked: without it, with another key and after a change it is wrong", async () => {
  expect((await lock("verify", "--key", "own.pub", "a.lock")).code).toBe(5);
  expect((await lock("sign", "--key", "own.pem", "a.lock")).code).toBe(0);
  expect((await lock("verify", "--key", "own.pub", "a.lock")).code).toBe(0);
  expect((await lock("verify", "--key", "other.pub", "a.lock")).code).toBe(5);
  await writeFile(join(dir, "a.lock"), JSON.stringify({ ...LOCK, createdAt: "2027-01-02T03:04:05.000Z" }));
  const { code, stdout } = await lock("verify", "--key", "own.pub", "a.lock");
  expect([code, stdout]).toEqual([5, expect.stringContaining("bad: ")]);
});

test("no key, no lock and what is no lock are refused", async () => {
  await writeFile(join(dir, "x.lock"), "{}");
  expect((await lock("sign", "a.lock")).code).toBe(2);
  expect((await lock("verify", "a.lock")).code).toBe(2);
  expect((await lock("show", "none.lock")).code).toBe(2);
  expect((await lock("sign", "--key", "own.pem", "x.lock")).stderr).toContain("Cannot read lock");
});
