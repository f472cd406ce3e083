import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { type LayerContent, testTar } from "../image/test-image.ts";

/** A package of the test server: one release of one archive. */
export interface TestPackage {
  readonly name: string;
  readonly release: string;
  readonly archive: Uint8Array;
}

export interface TestAppRegistry {
  readonly endpoint: string;
  readonly requests: string[];
  close(): Promise<void>;
}

/** An app registry on loopback. With `token`, everything but the login needs it. */
export async function startTestAppRegistry(packages: readonly TestPackage[], token?: string): Promise<TestAppRegistry> {
  const requests: string[] = [];
  const blobs = new Map(packages.map((one) => [createHash("sha256").update(one.archive).digest("hex"), one.archive]));
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(body instanceof Uint8Array ? body : JSON.stringify(body));
    };
    const path = (request.url ?? "").replace(/^\/cnr\/api\/v1\//, "");
    if (path === "users/login") {
      let text = "";
      request.on("data", (chunk: Buffer) => (text += chunk.toString()));
      request.on("end", () => {
        const ok = text === '{"user":{"username":"amy","password":"s3cret"}}';
        answer(ok ? 200 : 401, ok ? { token } : { error: { message: "Invalid credentials" } });
      });
      return;
    }
    if (token !== undefined && request.headers.authorization !== token) return answer(401, { error: { message: "Unauthorized" } });
    if (path === "packages?namespace=org") {
      return answer(
        200,
        packages.map((one) => ({ name: `org/${one.name}`, default: one.release, releases: [one.release], manifests: ["helm"] })),
      );
    }
    const [, , name, rest, , hex] = path.split("/");
    const found = packages.find((one) => one.name === name);
    const blob = blobs.get(hex ?? "");
    if (rest === "blobs" && blob !== undefined) return answer(200, blob);
    if (found !== undefined && rest === found.release) {
      const digest = createHash("sha256").update(found.archive).digest("hex");
      return answer(200, [
        { content: { digest, size: found.archive.byteLength, mediaType: "application/vnd.cnr.package.helm.v1.tar+gzip" }, release: rest },
      ]);
    }
    return answer(404, { error: { message: "not found" } });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/cnr`, requests, close: () => closed(server) };
}

/** A compressed archive of the given members. */
export async function testArchive(content: LayerContent): Promise<Uint8Array> {
  return gzipSync(await testTar(content));
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
