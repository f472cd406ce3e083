import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isOciError } from "../errors.ts";
import { runHelper } from "./credential-helper.ts";
import { authFilePlaces, credentialKeys, loadCredentials } from "./credentials.ts";

const b64 = (text: string): string => Buffer.from(text).toString("base64");
const basic = (username: string, password: string): object => ({ kind: "basic", username, password });

function sourceOf(
  files: Readonly<Record<string, object | string>>,
  env: Readonly<Record<string, string>> = {},
): ReturnType<typeof loadCredentials> {
  return loadCredentials({
    env,
    home: "/home/me",
    read: (path) => {
      const file = files[path];
      return Promise.resolve(file === undefined || typeof file === "string" ? file : JSON.stringify(file));
    },
    helper: ({ helper, host }) => Promise.resolve(helper === "empty" ? undefined : { kind: "basic", username: helper, password: host }),
  });
}

async function refusal(promise: Promise<unknown>): Promise<{ code: string; message: string; hint: string | undefined }> {
  const error: unknown = await promise.then(
    () => expect.fail("expected an error"),
    (caught: unknown) => caught,
  );
  if (!isOciError(error)) throw error;
  return { code: error.code, message: error.message, hint: error.hint };
}

describe("where credentials are looked for", () => {
  test("containers-auth.json(5): runtime directory, configuration directory, Docker's file", () => {
    const env = { XDG_RUNTIME_DIR: "/run/user/1", XDG_CONFIG_HOME: "/cfg", DOCKER_CONFIG: "/dk" };
    expect(authFilePlaces({ env, home: "/home/me" }).map((place) => place.path)).toEqual([
      "/run/user/1/containers/auth.json",
      "/cfg/containers/auth.json",
      "/dk/config.json",
    ]);
    expect(authFilePlaces({ env: {}, home: "/home/me" }).map((place) => place.path)).toEqual([
      "/home/me/.config/containers/auth.json",
      "/home/me/.docker/config.json",
    ]);
  });

  test("a file named by flag or variable is the only one, and must be there", async () => {
    expect(authFilePlaces({ authfile: "/a", env: { REGISTRY_AUTH_FILE: "/b" }, home: "/" })).toEqual([{ path: "/a", required: true }]);
    expect(authFilePlaces({ env: { REGISTRY_AUTH_FILE: "/b" }, home: "/" })).toEqual([{ path: "/b", required: true }]);
    expect(await refusal(sourceOf({}, { REGISTRY_AUTH_FILE: "/b" }).find("h.io", undefined))).toMatchObject({ code: "CONFIG_INVALID" });
  });

  test("the first file that knows the host wins", async () => {
    const files = {
      "/home/me/.config/containers/auth.json": { auths: { "a.io": { auth: b64("one:1") } } },
      "/home/me/.docker/config.json": { auths: { "a.io": { auth: b64("two:2") }, "b.io": { auth: b64("three:3") } } },
    };
    expect(await sourceOf(files).find("a.io", undefined)).toEqual(basic("one", "1"));
    expect(await sourceOf(files).find("b.io", undefined)).toEqual(basic("three", "3"));
    expect(await sourceOf(files).find("c.io", undefined)).toBeUndefined();
  });
});

describe("keys", () => {
  const file = (document: object): Record<string, object> => ({ "/home/me/.docker/config.json": document });

  test("path-scoped keys, most specific first", async () => {
    expect(credentialKeys("q.io", "ns/a/b")).toEqual(["q.io/ns/a/b", "q.io/ns/a", "q.io/ns", "q.io"]);
    const source = sourceOf(
      file({ auths: { "q.io": { auth: b64("host:h") }, "q.io/ns": { auth: b64("ns:n") }, "q.io/ns/a/b": { auth: b64("repo:r") } } }),
    );
    expect(await source.find("q.io", "ns/a/b")).toEqual(basic("repo", "r"));
    expect(await source.find("q.io", "ns/a")).toEqual(basic("ns", "n"));
    expect(await source.find("q.io", "nsx/a")).toEqual(basic("host", "h"));
    expect(await source.find("q.io:5000", "ns/a")).toBeUndefined();
  });

  test.each([
    ["https://index.docker.io/v1/", "docker.io"],
    ["index.docker.io", "docker.io"],
    ["docker.io", "docker.io"],
    ["https://reg.example.com/v1/", "reg.example.com"],
    ["https://reg.example.com", "reg.example.com"],
    ["http://reg.example.com:5000/v2/", "reg.example.com:5000"],
  ])("Docker's spelling %s serves %s", async (key, host) => {
    expect(await sourceOf(file({ auths: { [key]: { auth: b64("u:p") } } })).find(host, "a/b")).toEqual(basic("u", "p"));
  });

  test("an OpenShift pull secret with e-mail, a colon and an umlaut in the password", async () => {
    const source = sourceOf(file({ auths: { "quay.io": { auth: b64("org+robot:pä:ss"), email: "x@y" } } }));
    expect(await source.find("quay.io", "a/b")).toEqual(basic("org+robot", "pä:ss"));
  });

  test("identity tokens in both spellings, registry tokens", async () => {
    const source = sourceOf(
      file({
        auths: { "a.io": { auth: b64("u:"), identitytoken: "id" }, "b.io": { auth: b64("<token>:id2") }, "c.io": { registrytoken: "raw" } },
      }),
    );
    expect(await source.find("a.io", undefined)).toEqual({ kind: "identity", username: "u", token: "id" });
    expect(await source.find("b.io", undefined)).toEqual({ kind: "identity", username: "", token: "id2" });
    expect(await source.find("c.io", undefined)).toEqual({ kind: "token", token: "raw" });
  });

  test("credHelpers before auths, credsStore last, an empty helper passes on", async () => {
    const auths = { "a.io": { auth: b64("u:p") }, "b.io": { auth: b64("u:p") }, "c.io": { auth: b64("u:p") } };
    const source = sourceOf(file({ auths, credHelpers: { "a.io": "mine", "b.io": "empty" }, credsStore: "store" }));
    expect(await source.find("a.io", undefined)).toEqual(basic("mine", "a.io"));
    expect(await source.find("b.io", undefined)).toEqual(basic("u", "p"));
    expect(await source.find("c.io", undefined)).toEqual(basic("u", "p"));
    expect(await source.find("docker.io", undefined)).toEqual(basic("store", "https://index.docker.io/v1/"));
  });

  test("an empty entry (login kept in a store) is no credential; __proto__ is only a name", async () => {
    const text = '{"auths":{"a.io":{},"__proto__":{"auth":"dTpw"}}}';
    const source = sourceOf({ "/home/me/.docker/config.json": text });
    expect(await source.find("a.io", undefined)).toBeUndefined();
    expect(await source.find("constructor", undefined)).toBeUndefined();
  });

  test.each([
    ["no JSON, with a secret in it", '{"auths": {"a": {"auth": "c2VjcmV0"'],
    ["a list", "[]"],
    ["an auth value that is no pair", '{"auths":{"a.io":{"auth":"c2VjcmV0"}}}'],
  ])("%s is refused without quoting it", async (_, text) => {
    const error = await refusal(sourceOf({ "/home/me/.docker/config.json": text }).find("a.io", undefined));
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).not.toMatch(/c2VjcmV0|secret/);
  });

  test("a Kubernetes Secret is recognised, and the hint says how to unpack it", async () => {
    const error = await refusal(sourceOf({ "/home/me/.docker/config.json": { kind: "Secret", data: {} } }).find("a.io", undefined));
    expect(error.hint).toContain("oc extract");
  });
});

describe("helpers", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "skerry-helper-"));
    const helper = async (name: string, script: string): Promise<void> => {
      await writeFile(join(folder, `docker-credential-${name}`), `#!/bin/sh\n${script}\n`);
      await chmod(join(folder, `docker-credential-${name}`), 0o755);
    };
    await helper("good", 'read host; printf \'{"ServerURL":"%s","Username":"u-%s","Secret":"%s%s"}\' "$host" "$1" "$host" "$LEAK"');
    await helper("token", 'printf \'{"Username":"<token>","Secret":"id"}\'');
    await helper("none", 'echo "credentials not found in native keychain"; exit 1');
    await helper("broken", 'echo "password=hunter2 $(printf "\\033")[31m" >&2; exit 3');
    await helper("text", "echo hello");
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const ask = (helper: string): ReturnType<typeof runHelper> =>
    runHelper({ helper, host: "reg.io", env: { PATH: `relative:${folder}:/usr/bin:/bin`, LEAK: "leaked" } });

  test("`get` with the host on stdin and a minimal environment", async () => {
    expect(await ask("good")).toEqual(basic("u-get", "reg.io"));
  });

  test("a token answer is an identity token; not found is nothing", async () => {
    expect(await ask("token")).toEqual({ kind: "identity", username: "", token: "id" });
    expect(await ask("none")).toBeUndefined();
  });

  test.each(["broken", "text", "absent", "../good", "good; true", ""])("helper %j is refused by name", async (helper) => {
    const error = await refusal(ask(helper));
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).not.toMatch(/[\u0000-\u001f]/);
  });
});
