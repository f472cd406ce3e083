import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { addUser, type RunningRegistry, startRegistry, userFilesIn } from "@skerry/registry";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeSampleLayout } from "../../testing/sample-layout.ts";
import { tempFolder } from "../../testing/temp-folder.ts";
import { type Captured, type CapturedWorldOptions, runInWorld } from "../../testing/world.ts";

let folder: Awaited<ReturnType<typeof tempFolder>>;
let registry: RunningRegistry;

beforeAll(async () => {
  folder = await tempFolder();
  await writeSampleLayout(join(folder.path, "sample"), [{ name: "v1", seed: "one" }]);
  const root = join(folder.path, "registry");
  await addUser(userFilesIn(root), { name: "bob", password: "s3cret-word" });
  registry = await startRegistry({ root, auth: "htpasswd" });
});

afterAll(async () => {
  await registry.close();
  await folder[Symbol.asyncDispose]();
});

function skerry(options: CapturedWorldOptions, ...args: string[]): Promise<Captured> {
  return runInWorld(args, { cwd: folder.path, home: folder.path, ...options });
}

const file = (): string => join(folder.path, ".config", "containers", "auth.json");

describe("login", () => {
  test("is checked before it is kept", async () => {
    const wrong = await skerry({ stdin: "wrong\n" }, "login", registry.host, "-u", "bob", "--password-stdin", "--insecure");
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/as bob: the registry refuses this user name or password\n.*nothing was kept/s);
    expect(wrong.stderr).not.toContain("wrong");
    await expect(stat(file())).rejects.toThrow();
  });

  test("keeps, lists and forgets, in the file that other tools read; the password is shown nowhere", async () => {
    const log = join(folder.path, "log");
    const kept = await skerry(
      { stdin: "s3cret-word\n" },
      "login",
      registry.host,
      "-u",
      "bob",
      "--password-stdin",
      "--insecure",
      "-o",
      "json",
      "--log-file",
      log,
      "--log-level",
      "debug",
    );
    expect(kept.code).toBe(0);
    expect(JSON.parse(kept.stdout)).toEqual({
      apiVersion: "skerry.dev/v1",
      kind: "Login",
      host: registry.host,
      username: "bob",
      file: file(),
    });
    const secrets = ["s3cret-word", Buffer.from("bob:s3cret-word").toString("base64")];
    for (const text of [kept.stdout, kept.stderr, await readFile(log, "utf8")])
      for (const secret of secrets) expect(text).not.toContain(secret);
    expect(JSON.parse(await readFile(file(), "utf8"))).toEqual({ auths: { [registry.host]: { auth: secrets[1] } } });
    expect((await stat(file())).mode & 0o777).toBe(0o600);

    expect((await skerry({}, "copy", "oci:sample:v1", `${registry.host}/org/app`, "--insecure")).code).toBe(0);
    expect((await skerry({}, "repos", registry.host, "--insecure")).stdout).toBe("org/app\n");
    const listed = await skerry({}, "auth", "list", "-o", "json");
    expect(JSON.parse(listed.stdout)).toMatchObject({
      kind: "AuthList",
      accounts: [{ host: registry.host, username: "bob", kind: "password", used: true, file: file() }],
    });
    for (const secret of secrets) expect(listed.stdout).not.toContain(secret);

    expect((await skerry({}, "logout", registry.host)).code).toBe(0);
    expect(JSON.parse(await readFile(file(), "utf8"))).toEqual({ auths: {} });
    const denied = await skerry({}, "repos", registry.host, "--insecure", "-o", "json");
    expect(denied.code).toBe(1);
    expect(JSON.parse(denied.stderr)).toMatchObject({ code: "UNAUTHORIZED", host: registry.host });
    const refused = await skerry(
      {},
      "copy",
      "oci:sample:v1",
      `${registry.host}/org/app`,
      `${registry.host}/other/app`,
      "--insecure",
      "-o",
      "json",
    );
    expect(refused).toMatchObject({ code: 4, stdout: "" });
    expect(JSON.parse(refused.stderr)).toMatchObject({ code: "PUSH_DENIED", subject: `${registry.host}/org/app` });
    expect(refused.stderr).toContain(`${registry.host}/other/app`);
  });

  test("keeps other keys of the file; -p is taken with a warning; a runtime file is warned of", async () => {
    const runtime = join(folder.path, "run");
    const named = join(folder.path, "own.json");
    await writeFile(named, JSON.stringify({ auths: { "other.io": { auth: "eDp5" } }, credHelpers: { "gcr.io": "gcloud" }, extra: 1 }));
    const kept = await skerry({}, "login", registry.host, "-u", "bob", "-p", "s3cret-word", "--insecure", "-a", named);
    expect(kept).toMatchObject({ code: 0, stdout: "" });
    expect(kept.stderr).toContain("use --password-file or --password-stdin");
    expect(JSON.parse(await readFile(named, "utf8"))).toMatchObject({
      auths: { "other.io": { auth: "eDp5" } },
      credHelpers: { "gcr.io": "gcloud" },
      extra: 1,
    });
    const helped = await skerry({}, "auth", "list", "-a", named);
    expect(helped.stdout).toContain("helper gcloud");
    await writeFile(join(folder.path, "password"), "s3cret-word\n");
    const gone = await skerry(
      { env: { XDG_RUNTIME_DIR: runtime } },
      "login",
      registry.host,
      "-u",
      "bob",
      "--password-file",
      "password",
      "--insecure",
    );
    expect(gone.code).toBe(0);
    expect(gone.stderr).toContain("gone after a reboot");
  });

  test("without a terminal it asks nothing", async () => {
    expect(await skerry({}, "login", registry.host)).toMatchObject({ code: 2 });
    expect(await skerry({}, "login", registry.host, "-u", "bob", "-p", "x", "--password-stdin")).toMatchObject({ code: 2 });
  });
});
