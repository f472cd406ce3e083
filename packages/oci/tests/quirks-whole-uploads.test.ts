import { describe, expect, test } from "vitest";
import type { Descriptor, Registries } from "../src/index.ts";
import { bodyOf, failure, path, play, sampleBlob } from "./quirk-bench.ts";
import type { Reply, SeenRequest, Step } from "./scripted-server.ts";

const blob = sampleBlob(3000);
const next = sampleBlob(2500);
const large = sampleBlob(200_000);
const huge = sampleBlob(1024 * 1024 + 1);
const WHOLE = { wholeUploads: true };

type Sample = ReturnType<typeof sampleBlob>;

async function upload(net: Registries, host: string, { bytes, descriptor }: Sample): Promise<void> {
  const write = await net.writer(host).begin({ repository: "org/app" }, descriptor);
  await write.append(bodyOf(bytes));
  await write.commit();
}

function whole({ descriptor, bytes }: Sample, reply: Reply): Step {
  return {
    method: "POST",
    path: path(`blobs/uploads/?digest=${encodeURIComponent(descriptor.digest)}`),
    reply: (request) => {
      expect(request.body).toEqual(bytes);
      return reply;
    },
  };
}

function usual({ descriptor, bytes }: Sample): readonly [Step, Step] {
  const put = (request: SeenRequest): Reply => {
    expect(request.body).toEqual(bytes);
    return { status: 201 };
  };
  return [
    {
      method: "POST",
      path: path("blobs/uploads/"),
      headers: { "content-length": "0" },
      reply: { status: 202, headers: { Location: "/u/1" } },
    },
    { method: "PUT", path: `/u/1?digest=${encodeURIComponent(descriptor.digest)}`, reply: put },
  ];
}

function taken({ digest }: Descriptor): Reply {
  return { status: 201, headers: { "Docker-Content-Digest": digest, Location: `/v2/org/app/blobs/${digest}` } };
}

describe("small blobs in one request", () => {
  test("Quay, zot, ours: taken; larger ones follow up to a mebibyte", () =>
    play(
      [...usual(large), whole(blob, taken(blob.descriptor)), whole(large, taken(large.descriptor)), ...usual(huge)],
      async ({ net, server }) => {
        for (const one of [large, blob, large, huge]) await upload(net, server.host, one);
        expect(net.requests()).toEqual({ [server.host]: { POST: 4, PUT: 2 } });
      },
      WHOLE,
    ));

  test("distribution, Harbor, GitLab: 202 is an opened session, and the next blob goes the usual way", () =>
    play(
      [whole(blob, { status: 202, headers: { Location: "/u/1" } }), usual(blob)[1], ...usual(next)],
      async ({ net, server }) => {
        await upload(net, server.host, blob);
        await upload(net, server.host, next);
      },
      WHOLE,
    ));

  test.each([
    ["400", { status: 400, body: '{"errors":[{"code":"DIGEST_INVALID"}]}' }],
    ["404", { status: 404 }],
    ["405", { status: 405 }],
    ["500, once", { status: 500 }],
    ["201 that names no blob", { status: 201, headers: { Location: "/v2/org/app/blobs/uploads/u1" } }],
  ])("%s: the usual way for this blob and the next", (_, reply) =>
    play(
      [whole(blob, reply), ...usual(blob), ...usual(next)],
      async ({ net, server }) => {
        await upload(net, server.host, blob);
        await upload(net, server.host, next);
        expect(net.retries()).toBe(0);
      },
      WHOLE,
    ),
  );

  test("a proxy that takes less than was taken before: the usual way from there on", () =>
    play(
      [whole(blob, taken(blob.descriptor)), whole(large, { status: 413 }), ...usual(large), ...usual(next)],
      async ({ net, server }) => {
        for (const one of [blob, large, next]) await upload(net, server.host, one);
      },
      WHOLE,
    ));

  test("damaged on the way: sent again the usual way, and the next one whole", () =>
    play(
      [
        whole(blob, taken(blob.descriptor)),
        whole(next, { status: 400, body: '{"errors":[{"code":"DIGEST_INVALID"}]}' }),
        ...usual(next),
        whole(large, taken(large.descriptor)),
      ],
      async ({ net, server }) => {
        for (const one of [blob, next, large]) await upload(net, server.host, one);
      },
      WHOLE,
    ));

  test("a busy registry has not said that it does not take them", () =>
    play(
      [whole(blob, { status: 503 }), ...usual(blob), whole(next, taken(next.descriptor))],
      async ({ net, server }) => {
        await upload(net, server.host, blob);
        await upload(net, server.host, next);
      },
      WHOLE,
    ));

  test("a refusal is one: nothing else is tried", () =>
    play(
      [whole(blob, { status: 403, body: '{"errors":[{"code":"DENIED"}]}' })],
      async ({ net, server }) => expect(await failure(upload(net, server.host, blob))).toMatchObject({ code: "DENIED", status: 403 }),
      WHOLE,
    ));

  test("a source that fails or ends early sends nothing whole", () =>
    play(
      [usual(blob)[0], { method: "GET", path: "/u/1", reply: { status: 404 } }],
      async ({ net, server }) => {
        const write = await net.writer(server.host).begin({ repository: "org/app" }, blob.descriptor);
        const bad = async function* (): AsyncGenerator<Uint8Array> {
          yield blob.bytes.subarray(0, 2999);
          throw new Error("damaged");
        };
        await failure(write.append(bad()));
        expect(server.seen).toEqual([]);
        // Too short for what was promised: a fault that the usual way finds.
        await failure(write.append(bodyOf(blob.bytes.subarray(1))));
      },
      WHOLE,
    ));
});
