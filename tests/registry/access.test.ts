import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text as streamText } from "node:stream/consumers";
import { type ConnectionOptions, connect } from "node:tls";
import { addUser, type RunningRegistry, startRegistry, userFilesIn } from "@skerry/registry";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { manifestOver, sha256 } from "./campaign.ts";
import { type PlainAnswer, sendPlain } from "./plain-http.ts";

let root: string;
let registry: RunningRegistry;

const blob = Buffer.from("secret layer");
const config = Buffer.from("{}");
const manifest = manifestOver(config, [blob]);
const absent = sha256(Buffer.from("never pushed"));

const PASSWORDS: Readonly<Record<string, string>> = {
  reader: "reads-team-only",
  writer: "writes-team-only",
  other: "writes-elsewhere",
  root: "does-everything",
};

function basic(user: string, password = PASSWORDS[user] ?? ""): Record<string, string> {
  return user === "" ? {} : { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
}

async function ask(
  user: string,
  method: string,
  path: string,
  extra: { body?: Buffer; headers?: Record<string, string> } = {},
): Promise<PlainAnswer> {
  return sendPlain(registry.url, { method, path, headers: { ...basic(user), ...extra.headers }, body: extra.body });
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "skerry-access-"));
  const files = userFilesIn(root);
  await addUser(files, { name: "reader", password: PASSWORDS["reader"] ?? "", read: ["team/**"] });
  await addUser(files, { name: "writer", password: PASSWORDS["writer"] ?? "", write: ["team/**"] });
  await addUser(files, { name: "other", password: PASSWORDS["other"] ?? "", write: ["elsewhere/**"] });
  await addUser(files, { name: "root", password: PASSWORDS["root"] ?? "" });
  registry = await startRegistry({ root, auth: "htpasswd" });
  for (const bytes of [blob, config]) {
    const opened = await ask("writer", "POST", "/v2/team/app/blobs/uploads/");
    await ask("writer", "PUT", `${String(opened.headers["location"])}?digest=${sha256(bytes)}`, { body: bytes });
  }
  await ask("writer", "PUT", "/v2/team/app/manifests/v1", { body: manifest });
});

afterAll(async () => {
  await registry.close();
  await rm(root, { recursive: true });
});

const image = "/v2/team/app/manifests/v1";
const layer = `/v2/team/app/blobs/${sha256(blob)}`;
const uploads = "/v2/team/app/blobs/uploads/";

/** Who asks for what, and the answer: status and error code. */
const table: readonly (readonly [who: string, method: string, path: string, answer: string])[] = [
  ["", "GET", "/v2/", "401 UNAUTHORIZED"],
  ["", "GET", image, "401 UNAUTHORIZED"],
  ["", "GET", "/v2/team/none/manifests/v1", "401 UNAUTHORIZED"],
  ["", "GET", layer, "401 UNAUTHORIZED"],
  ["", "POST", uploads, "401 UNAUTHORIZED"],
  ["", "GET", "/v2/_catalog", "401 UNAUTHORIZED"],
  ["", "GET", "/healthz", "200"],
  ["", "GET", "/metrics", "401 UNAUTHORIZED"],
  ["reader", "GET", "/v2/", "200"],
  ["reader", "GET", "/v2/_catalog", "200"],
  ["reader", "POST", "/v2/_catalog", "405 UNSUPPORTED"],
  ["reader", "GET", image, "200"],
  ["reader", "GET", layer, "200"],
  ["reader", "POST", uploads, "403 DENIED"],
  ["reader", "PUT", image, "403 DENIED"],
  ["reader", "DELETE", image, "403 DENIED"],
  ["reader", "POST", "/v2/team/none/blobs/uploads/", "403 DENIED"],
  ["writer", "GET", image, "200"],
  ["writer", "POST", uploads, "202"],
  ["writer", "POST", "/v2/elsewhere/app/blobs/uploads/", "403 DENIED"],
  ["other", "GET", image, "404 MANIFEST_UNKNOWN"],
  ["other", "GET", "/v2/team/none/manifests/v1", "404 MANIFEST_UNKNOWN"],
  ["other", "HEAD", layer, "404"],
  ["other", "GET", layer, "404 BLOB_UNKNOWN"],
  ["other", "GET", `/v2/team/app/blobs/${absent}`, "404 BLOB_UNKNOWN"],
  ["other", "GET", `/v2/elsewhere/app/blobs/${sha256(blob)}`, "404 BLOB_UNKNOWN"],
  ["other", "GET", "/v2/team/app/tags/list", "404 NAME_UNKNOWN"],
  ["other", "POST", `/v2/elsewhere/app/blobs/uploads/?mount=${sha256(blob)}&from=team/app`, "202"],
  ["other", "POST", `/v2/elsewhere/app/blobs/uploads/?mount=${absent}&from=team/app`, "202"],
  ["other", "POST", `/v2/elsewhere/app/blobs/uploads/?mount=${sha256(blob)}`, "202"],
  ["root", "POST", `/v2/elsewhere/copy/blobs/uploads/?mount=${sha256(blob)}&from=team/app`, "201"],
  ["root", "GET", "/v2/team/../team/app/manifests/v1", "400 NAME_INVALID"],
  ["root", "GET", "/v2/team/%2e%2e/%2e%2e/htpasswd/manifests/v1", "400 NAME_INVALID"],
  ["root", "GET", "/v2/..%2f..%2fetc/manifests/passwd", "400 NAME_INVALID"],
  ["root", "GET", "/v2/team/app/manifests/..%2f..%2fhtpasswd", "404 UNSUPPORTED"],
  ["root", "GET", "/v2/team/app/blobs/sha256:../../htpasswd", "404 UNSUPPORTED"],
  ["root", "GET", "/v2/UPPER/manifests/v1", "400 NAME_INVALID"],
  ["root", "GET", `/v2/team/app/manifests/${"x".repeat(129)}`, "400 TAG_INVALID"],
];

describe("who may do what", () => {
  for (const [who, method, path, expected] of table) {
    test(`${who === "" ? "anonymous" : who} ${method} ${path.slice(0, 80)} → ${expected}`, async () => {
      const answer = await ask(who, method, path);
      const code =
        answer.body.length > 0 && answer.status >= 400
          ? ` ${(JSON.parse(answer.body.toString()) as { errors: { code: string }[] }).errors[0]?.code}`
          : "";
      expect(`${answer.status}${code}`).toBe(expected);
    });
  }
});

test("what may not be read answers byte for byte as what is not there", async () => {
  const [hidden, missing] = [await ask("other", "GET", image), await ask("other", "GET", "/v2/team/nope/manifests/v1")];
  expect(hidden.body.toString().replace("team/app", "team/nope")).toBe(missing.body.toString());
  const referrers = await ask("other", "GET", `/v2/team/app/referrers/${sha256(manifest)}`);
  expect([referrers.status, JSON.parse(referrers.body.toString())]).toMatchObject([200, { manifests: [] }]);
});

test("the catalog lists what the caller may read", async () => {
  const list = async (user: string): Promise<unknown> => JSON.parse((await ask(user, "GET", "/v2/_catalog")).body.toString());
  expect(await list("reader")).toEqual({ repositories: ["team/app"] });
  expect(await list("other")).toEqual({ repositories: [] });
});

test("a wrong password, an unknown user and a broken header are all refused alike", async () => {
  const answers = [
    await ask("", "GET", "/v2/", { headers: basic("reader", "wrong") }),
    await ask("", "GET", "/v2/", { headers: basic("nobody", "wrong") }),
    await ask("", "GET", "/v2/", { headers: { authorization: "Basic !!!" } }),
  ];
  expect(answers.map((answer) => [answer.status, answer.body.toString()])).toEqual(Array(3).fill([401, answers[0]?.body.toString()]));
  expect(answers[0]?.headers["www-authenticate"]).toContain("Basic");
});

test("an upload belongs to its user and its repository", async () => {
  const opened = await ask("writer", "POST", uploads);
  const location = String(opened.headers["location"]);
  expect((await ask("root", "GET", location)).status).toBe(404);
  expect((await ask("writer", "GET", location.replace("team/app", "team/other"))).status).toBe(404);
  expect((await ask("writer", "GET", location)).status).toBe(204);
  expect(location).toMatch(/[0-9a-f]{32}$/);
});

test("a page of another site may not write, and a rebound name may not even read", async () => {
  const origin = await ask("writer", "POST", uploads, { headers: { origin: "https://evil.example" } });
  expect(origin.status).toBe(403);
  expect((await ask("writer", "POST", uploads, { headers: { origin: registry.url } })).status).toBe(202);
  expect((await ask("reader", "GET", image, { headers: { host: "evil.example:5000" } })).status).toBe(421);
  expect((await ask("reader", "GET", image, { headers: { host: `localhost:${registry.port}` } })).status).toBe(200);
});

test("the host that counts is the one and only, of the target or the header; old probes name none", async () => {
  const status = async (...lines: string[]): Promise<string> => {
    const socket = connectPlain(registry.port, "127.0.0.1").end(`${lines.join("\r\n")}\r\n\r\n`);
    return (await streamText(socket)).slice(9, 12);
  };
  const [own, close] = [`Host: 127.0.0.1:${registry.port}`, "Connection: close"];
  expect(await status("GET /healthz HTTP/1.0")).toBe("200");
  expect(await status("GET /healthz HTTP/1.1", close)).toBe("400");
  expect(await status("GET /healthz HTTP/1.1", own, "Host: evil.example", close)).toBe("400");
  expect(await status("GET http://evil.example/healthz HTTP/1.1", own, close)).toBe("421");
  expect(await status(`GET http://localhost:${registry.port}/healthz HTTP/1.1`, "Host: evil.example", close)).toBe("200");
  expect(await status("GET http://localhost HTTP/1.1", own, close)).toBe("404");
});

test("content never runs in a browser", async () => {
  const { headers } = await ask("reader", "GET", layer);
  expect(headers["x-content-type-options"]).toBe("nosniff");
  expect(headers["content-security-policy"]).toContain("sandbox");
});

test("users are taken over while it serves, and a removed right ends at once", async () => {
  const files = userFilesIn(root);
  await addUser(files, { name: "late", password: "comes-later-on", read: ["team/**"] });
  expect((await ask("", "GET", image, { headers: basic("late", "comes-later-on") })).status).toBe(401);
  await registry.reload();
  expect((await ask("", "GET", image, { headers: basic("late", "comes-later-on") })).status).toBe(200);
  await addUser(files, { name: "late", password: "another-password", read: ["nothing/**"] });
  await registry.reload();
  expect((await ask("", "GET", image, { headers: basic("late", "comes-later-on") })).status).toBe(401);
  expect((await ask("", "GET", image, { headers: basic("late", "another-password") })).status).toBe(404);
});

test("passwords that bcrypt would cut are refused when they are set", async () => {
  await expect(addUser(userFilesIn(root), { name: "long", password: "x".repeat(73) })).rejects.toMatchObject({ code: "PASSWORD_INVALID" });
  await expect(addUser(userFilesIn(root), { name: "a:b", password: "fine password" })).rejects.toMatchObject({ code: "USER_INVALID" });
});

test("doors that nobody can come through are warned of", async () => {
  const scratch = await mkdtemp(join(tmpdir(), "skerry-closed-"));
  await writeFile(join(scratch, "htpasswd"), "");
  const warnings: string[] = [];
  const onWarning = (message: string): void => void warnings.push(message);
  await using closed = await startRegistry({ root: scratch, listen: "0.0.0.0:0", tls: { kind: "auto" }, auth: "htpasswd", onWarning });
  expect(warnings).toEqual([expect.stringContaining("registry user add"), expect.stringContaining("--host")]);
  await closed.close();
  await rm(scratch, { recursive: true });
});

test("another address than the loopback needs a certificate and users", async () => {
  await expect(startRegistry({ root: join(root, "x"), listen: "0.0.0.0:0" })).rejects.toMatchObject({ code: "LISTEN_UNSAFE" });
  await expect(startRegistry({ root: join(root, "x"), listen: "0.0.0.0:0", tls: { kind: "auto" } })).rejects.toMatchObject({
    code: "LISTEN_UNSAFE",
  });
});

test("somebody without a name pulls what the access file says, lists it, and writes nothing", async () => {
  const scratch = await mkdtemp(join(tmpdir(), "skerry-anonymous-"));
  await writeFile(join(scratch, "htpasswd"), "");
  await writeFile(join(scratch, "access.yaml"), 'anonymous: { read: ["public/**"] }\nusers: {}\n');
  await using open = await startRegistry({ root: scratch, auth: "htpasswd", anonymousPull: true });
  const asked = async (method: string, path: string): Promise<number> => (await sendPlain(open.url, { method, path })).status;
  expect([
    await asked("GET", "/v2/"),
    await asked("GET", "/v2/_catalog"),
    await asked("GET", "/v2/public/app/manifests/v1"),
    await asked("GET", "/v2/team/app/manifests/v1"),
    await asked("POST", "/v2/public/app/blobs/uploads/"),
    await asked("DELETE", "/v2/public/app/manifests/v1"),
  ]).toEqual([401, 200, 404, 401, 401, 401]);
  await open.close();
  await rm(scratch, { recursive: true });
});

test("clients that know it get the quicker cipher, old protocols are refused, before a reload and after", async () => {
  const scratch = await mkdtemp(join(tmpdir(), "skerry-ciphers-"));
  await using locked = await startRegistry({ root: scratch, tls: { kind: "auto" } });
  const ca = await readFile(join(scratch, "tls", "ca.crt"), "utf8");
  const agreed = async (options: ConnectionOptions): Promise<string> => {
    const socket = connect({ host: "127.0.0.1", port: locked.port, ca, ...options });
    await once(socket, "secureConnect");
    const { name } = socket.getCipher();
    socket.destroy();
    return name;
  };
  for (const turn of ["at first", "after a reload"]) {
    expect(await agreed({}), turn).toBe("TLS_AES_128_GCM_SHA256");
    expect(await agreed({ ciphers: "TLS_CHACHA20_POLY1305_SHA256" }), turn).toBe("TLS_CHACHA20_POLY1305_SHA256");
    await expect(agreed({ minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL:@SECLEVEL=0" }), turn).rejects.toThrow();
    await locked.reload();
  }
  await rm(scratch, { recursive: true });
});

test("a certificate that has run out is refused by clients, and the next start renews it for the same CA", async () => {
  const scratch = await mkdtemp(join(tmpdir(), "skerry-expired-"));
  const past = Date.now() - 500 * 24 * 3600_000;
  const look = async (now: () => number): Promise<number> => {
    await using old = await startRegistry({ root: scratch, tls: { kind: "auto" }, now });
    const ca = await readFile(join(scratch, "tls", "ca.crt"), "utf8");
    return (await sendPlain(old.url, { method: "GET", path: "/v2/", ca })).status;
  };
  await expect(look(() => past)).rejects.toMatchObject({ code: "CERT_HAS_EXPIRED" });
  expect(await look(Date.now)).toBe(200);
  await rm(scratch, { recursive: true });
});
