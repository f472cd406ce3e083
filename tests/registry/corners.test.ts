import { mkdtemp, readdir, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningRegistry, startRegistry } from "@skerry/registry";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { manifestOver, sha256 } from "./campaign.ts";
import { type PlainAnswer, sendPlain } from "./plain-http.ts";

/** What the conformance suite does not look at. */

let root: string;
let registry: RunningRegistry;

const config = Buffer.from("{}");
const layer = Buffer.from("0123456789");
const manifest = manifestOver(config, [layer]);
const blobPath = `/v2/a/blobs/${sha256(layer)}`;
const uploads = "/v2/a/blobs/uploads/";

function ask(method: string, path: string, headers: Record<string, string> = {}, body?: Buffer | readonly Buffer[]): Promise<PlainAnswer> {
  return sendPlain(registry.url, { method, path, headers, body });
}

async function opened(path = uploads): Promise<string> {
  return String((await ask("POST", path)).headers["location"]);
}

function codeOf(answer: PlainAnswer): string {
  const code = (JSON.parse(answer.body.toString()) as { errors: { code: string }[] }).errors[0]?.code;
  return `${answer.status} ${code}`;
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "skerry-corners-"));
  registry = await startRegistry({ root, quotas: { small: 1000 } });
  for (const bytes of [config, layer]) await ask("PUT", `${await opened()}?digest=${sha256(bytes)}`, {}, bytes);
  for (const tag of ["c", "a", "B", "b"]) await ask("PUT", `/v2/a/manifests/${tag}`, {}, manifest);
});

afterAll(async () => {
  await registry.close();
  await rm(root, { recursive: true });
});

describe("methods that an endpoint does not have are 405 and say which it has", () => {
  test.each([
    ["POST", "/v2/", "GET, HEAD"],
    ["DELETE", "/v2/_catalog", "GET, HEAD"],
    ["PUT", "/healthz", "GET, HEAD"],
    ["PUT", "/v2/a/tags/list", "GET, HEAD"],
    ["POST", `/v2/a/referrers/${sha256(layer)}`, "GET, HEAD"],
    ["PATCH", "/v2/a/manifests/a", "GET, HEAD, PUT, DELETE"],
    ["PUT", blobPath, "GET, HEAD, DELETE"],
    ["GET", uploads, "POST"],
  ])("%s %s", async (method, path, allowed) => {
    const answer = await ask(method, path);
    expect([codeOf(answer), answer.headers["allow"]]).toEqual(["405 UNSUPPORTED", allowed]);
  });
});

describe("what the client holds is not sent again", () => {
  test.each([
    ["GET", "/v2/a/manifests/a", sha256(manifest)],
    ["HEAD", "/v2/a/manifests/a", sha256(manifest)],
    ["GET", blobPath, sha256(layer)],
    ["HEAD", blobPath, sha256(layer)],
  ])("%s %s", async (method, path, digest) => {
    for (const held of [`"${digest}"`, `W/"${digest}"`, `"other", "${digest}"`, "*"]) {
      const answer = await ask(method, path, { "if-none-match": held });
      expect([answer.status, answer.headers["etag"], answer.headers["docker-content-digest"], answer.body.length]).toEqual([
        304,
        `"${digest}"`,
        digest,
        0,
      ]);
    }
    expect((await ask(method, path, { "if-none-match": '"other"' })).status).toBe(200);
  });

  test("If-Range with another tag or a date means the whole", async () => {
    const range = { range: "bytes=2-4" };
    expect((await ask("GET", blobPath, { ...range, "if-range": `"${sha256(layer)}"` })).body.toString()).toBe("234");
    expect((await ask("GET", blobPath, { ...range, "if-range": '"other"' })).status).toBe(200);
    expect((await ask("GET", blobPath, { ...range, "if-range": "Wed, 21 Oct 2026 07:28:00 GMT" })).status).toBe(200);
  });
});

describe("parts of a blob", () => {
  test.each([
    ["bytes=-3", 206, "bytes 7-9/10", "789"],
    ["bytes=-99", 206, "bytes 0-9/10", "0123456789"],
    ["bytes=8-", 206, "bytes 8-9/10", "89"],
    ["bytes=0-0", 206, "bytes 0-0/10", "0"],
    ["bytes=0-1,3-4", 200, undefined, "0123456789"],
    ["bytes=10-", 416, "bytes */10", undefined],
    ["bytes=-0", 416, "bytes */10", undefined],
  ])("%s", async (range, status, contentRange, text) => {
    const answer = await ask("GET", blobPath, { range });
    expect([answer.status, answer.headers["content-range"]]).toEqual([status, contentRange]);
    if (text !== undefined) expect(answer.body.toString()).toBe(text);
  });
});

describe("chunks", () => {
  test("one out of order is 416, says where to go on, and the session lives", async () => {
    const session = await opened();
    expect((await ask("PATCH", session, { "content-range": "0-4" }, layer.subarray(0, 5))).headers["range"]).toBe("0-4");
    for (const [method, path] of [
      ["PATCH", session],
      ["PUT", `${session}?digest=${sha256(layer)}`],
    ] as const) {
      const wrong = await ask(method, path, { "content-range": "7-9" }, layer.subarray(7));
      expect([codeOf(wrong), wrong.headers["range"], wrong.headers["location"]]).toEqual(["416 RANGE_INVALID", "0-4", session]);
    }
    expect((await ask("GET", session)).headers["range"]).toBe("0-4");
    expect((await ask("PUT", `${session}?digest=${sha256(layer)}`, { "content-range": "5-9" }, layer.subarray(5))).status).toBe(201);
    expect((await ask("GET", session)).status).toBe(404);
  });

  test("a length that differs from Content-Range is refused, announced or not", async () => {
    expect(codeOf(await ask("PATCH", await opened(), { "content-range": "0-3" }, layer))).toBe("400 SIZE_INVALID");
    expect(codeOf(await ask("PATCH", await opened(), { "content-range": "0-3" }, [layer, layer]))).toBe("400 SIZE_INVALID");
    expect(codeOf(await ask("PATCH", await opened(), { "content-range": "words" }, layer))).toBe("400 BLOB_UPLOAD_INVALID");
  });

  test("a cancelled session is gone, and so is its file", async () => {
    const session = await opened();
    await ask("PATCH", session, {}, layer);
    expect((await ask("DELETE", session)).status).toBe(204);
    for (const method of ["GET", "PATCH", "DELETE"]) expect(codeOf(await ask(method, session))).toBe("404 BLOB_UPLOAD_UNKNOWN");
    expect((await readdir(join(root, "uploads"))).filter((name) => name.startsWith(session.slice(-32)))).toEqual([]);
  });

  test.each(["PATCH", "PUT"])("a %s that breaks off is gone on with where it broke off", async (method) => {
    const whole = Buffer.alloc(3_000_000, "broken ");
    const session = await opened();
    const path = method === "PUT" ? `${session}?digest=${sha256(whole)}` : session;
    const sent = request(new URL(path, registry.url), { method, headers: { "content-length": whole.length } });
    sent.on("error", () => undefined);
    await new Promise<void>((resolve) => sent.write(whole.subarray(0, 1_500_000), () => resolve()));
    sent.destroy();
    // Until the registry has seen the end of that connection, a request is at work on the session: 409.
    let at = 0;
    while (at <= 1) {
      const asked = await ask("PATCH", session, { "content-range": "2999999-2999999" }, Buffer.from("x"));
      if (asked.status === 416) at = Number(String(asked.headers["range"]).split("-")[1]) + 1;
    }
    expect((await ask("PUT", `${session}?digest=${sha256(whole)}`, {}, whole.subarray(at))).status).toBe(201);
    expect((await ask("GET", `/v2/a/blobs/${sha256(whole)}`)).body.equals(whole)).toBe(true);
  });

  test("an algorithm that is not known is refused at the start", async () => {
    expect(codeOf(await ask("POST", `${uploads}?digest-algorithm=md5`))).toBe("400 DIGEST_INVALID");
    expect((await ask("POST", `${uploads}?digest-algorithm=sha512`)).status).toBe(202);
  });
});

test("a stream that says no length stops at the quota and leaves nothing behind", async () => {
  const session = await opened("/v2/small/app/blobs/uploads/");
  const piece = Buffer.alloc(400, "x");
  expect(codeOf(await ask("PATCH", session, {}, [piece, piece, piece]))).toBe("403 DENIED");
  expect((await ask("GET", session)).status).toBe(404);
});

describe("pages of a list", () => {
  test.each([
    ["", ["B", "a", "b", "c"], undefined],
    ["?n=0", [], undefined],
    ["?n=2", ["B", "a"], '</v2/a/tags/list?n=2&last=a>; rel="next"'],
    ["?n=2&last=a", ["b", "c"], undefined],
    ["?n=4", ["B", "a", "b", "c"], undefined],
    ["?n=99", ["B", "a", "b", "c"], undefined],
    ["?last=aa", ["b", "c"], undefined],
    ["?last=z", [], undefined],
    ["?n=1&last=c", [], undefined],
  ])("%s", async (query, tags, link) => {
    const answer = await ask("GET", `/v2/a/tags/list${query}`);
    expect([JSON.parse(answer.body.toString()), answer.headers["link"]]).toEqual([{ name: "a", tags }, link]);
  });

  test.each(["n=-1", "n=x", "n=1.5", "n="])("?%s is refused", async (query) => {
    for (const path of ["/v2/a/tags/list", "/v2/_catalog"])
      expect(codeOf(await ask("GET", `${path}?${query}`))).toBe("400 PAGINATION_NUMBER_INVALID");
  });
});

test("a filter of referrers is applied and said; an empty one is none", async () => {
  const path = `/v2/a/referrers/${sha256(layer)}`;
  expect((await ask("GET", `${path}?artifactType=a/b+c`)).headers["oci-filters-applied"]).toBe("artifactType");
  for (const query of ["", "?artifactType="]) expect((await ask("GET", path + query)).headers["oci-filters-applied"]).toBe(undefined);
  expect(codeOf(await ask("GET", "/v2/a/referrers/sha256:12"))).toBe("400 DIGEST_INVALID");
});

test("a manifest of 4 MiB is taken, one byte more is not, with and without a length", async () => {
  const limit = 4 * 1024 * 1024;
  const type = "application/vnd.oci.image.index.v1+json";
  const padded = (size: number): Buffer => {
    const [head, tail] = [`{"schemaVersion":2,"mediaType":"${type}","manifests":[],"annotations":{"pad":"`, '"}}'];
    return Buffer.concat([Buffer.from(head), Buffer.alloc(size - head.length - tail.length, "x"), Buffer.from(tail)]);
  };
  const put = (body: Buffer | readonly Buffer[]): Promise<PlainAnswer> =>
    ask("PUT", "/v2/large/manifests/v1", { "content-type": type }, body);
  expect((await put(padded(limit))).status).toBe(201);
  const tooLarge = padded(limit + 1);
  for (const body of [tooLarge, [tooLarge.subarray(0, 100_000), tooLarge.subarray(100_000)]]) {
    // Who still sends may see the connection close before the answer.
    const answer = await put(body).catch((error: unknown) => error);
    if (!(answer instanceof Error)) expect(codeOf(answer as PlainAnswer)).toBe("413 SIZE_INVALID");
  }
  expect((await ask("HEAD", "/v2/large/manifests/v1")).headers["content-length"]).toBe(String(limit));
});
