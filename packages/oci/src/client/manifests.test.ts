import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { digestOf } from "../hash.ts";
import { MEDIA_TYPES } from "../model/media-types.ts";
import { manifestOf } from "../testing/images.ts";
import { Registries } from "./registries.ts";

const AT = { repository: "org/app" };
const index = manifestOf({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [] }, MEDIA_TYPES.ociIndex);

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

/** A registry that takes every manifest and says what it keeps; `asked` lists its requests. */
async function registry(answers: string | undefined): Promise<{ readonly host: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const made = createServer((request, response) => {
    if (request.url !== "/v2/") asked.push(`${request.method} ${request.url}`);
    request.resume().on("end", () => {
      if (request.method === "PUT") response.writeHead(201, answers === undefined ? {} : { "Docker-Content-Digest": answers });
      response.end();
    });
  });
  server = made;
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  return { host: `127.0.0.1:${(made.address() as AddressInfo).port}`, asked };
}

async function put(host: string, bytes: Uint8Array): Promise<unknown> {
  await using registries = new Registries({ insecureHosts: [host], retries: 0 });
  return await registries
    .writer(host)
    .putManifest(AT, index.descriptor, { ...index.content, bytes }, ["v1"])
    .catch((error: unknown) => error);
}

test.each([
  ["the digest of what was sent", index.descriptor.digest],
  ["the same bytes in another algorithm", digestOf(index.content.bytes, "sha512")],
  ["no digest", undefined],
  ["something that is no digest", "v1"],
])("a registry that answers %s is believed", async (_, answer) => {
  const { host, asked } = await registry(answer);
  expect(await put(host, index.content.bytes)).toBeUndefined();
  expect(asked).toEqual(["PUT /v2/org/app/manifests/v1"]);
});

test.each([["sha256"], ["sha512"]] as const)(
  "a registry that keeps other bytes is told by its %s (a converting registry)",
  async (algorithm) => {
    const { host } = await registry(digestOf(Buffer.from("rewritten"), algorithm));
    expect(await put(host, index.content.bytes)).toMatchObject({ code: "DIGEST_MISMATCH", side: "target", host });
  },
);

test("bytes that are not the descriptor's are not sent", async () => {
  const { host, asked } = await registry(undefined);
  expect(await put(host, Buffer.from(index.content.bytes).reverse())).toMatchObject({ code: "DIGEST_MISMATCH" });
  expect(asked).toEqual([]);
});
