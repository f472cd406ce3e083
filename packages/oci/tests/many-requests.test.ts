import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { Registries } from "../src/index.ts";
import { sampleManifest } from "./quirk-bench.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

const REQUESTS = 20_000;
const WORKERS = 40;

test("20,000 requests under one signal: each counted once, no listener warning, nothing left hanging on the signal", async () => {
  const manifest = sampleManifest();
  const headers = {
    "content-type": manifest.mediaType,
    "docker-content-digest": manifest.digest,
    "content-length": String(manifest.bytes.length),
  };
  const server = createServer((_, response) => response.writeHead(200, headers).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const warnings: string[] = [];
  const hear = (warning: Error): void => void warnings.push(warning.name);
  process.on("warning", hear);
  try {
    await using net = new Registries({ insecureHosts: [host], maxPerHost: 16 });
    const reader = net.reader(host);
    const { signal } = new AbortController();
    let left = REQUESTS;
    let halfway = 0;
    const work = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await reader.resolve({ repository: "a/b" }, "v1", { signal });
        if (left === REQUESTS / 2) halfway = heapBytes();
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, work));
    await new Promise((resolve) => setImmediate(resolve));
    expect(net.requests()).toEqual({ [host]: { HEAD: REQUESTS } });
    expect(net.retries()).toBe(0);
    expect(warnings).toEqual([]);
    // Flat: what a request leaves behind would show thousands of times.
    expect(heapBytes() - halfway).toBeLessThan(3_000_000);
  } finally {
    process.off("warning", hear);
    server.closeAllConnections();
    server.close();
  }
});
