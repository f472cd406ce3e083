import { createHash, randomBytes } from "node:crypto";
import { headerOf, RawClient } from "./raw-client.ts";
import type { Measured } from "./servers.ts";

/** One row of a measurement. */
export interface Row {
  readonly what: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly operations: number;
  readonly bytes: number;
}

interface Blob {
  readonly digest: string;
  readonly bytes: Buffer;
}

/** Different blobs of one size: each is the same random bytes with its number in front, so that making them is cheap. */
export function makeBlobs(size: number, count: number): Blob[] {
  const base = randomBytes(size);
  return Array.from({ length: count }, () => {
    const bytes = size <= 16 * 1024 * 1024 ? Buffer.from(base) : base;
    randomBytes(16).copy(bytes);
    return { bytes, digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}` };
  });
}

async function connected(server: Measured, clients: number): Promise<RawClient[]> {
  return Promise.all(Array.from({ length: clients }, () => RawClient.open(server.url, server.ca)));
}

/** Runs `work` for every item, shared between that many connections, and measures. */
async function measure<T>(
  server: Measured,
  load: { readonly what: string; readonly clients: number; readonly items: readonly T[]; readonly bytes: number },
  work: (client: RawClient, item: T) => Promise<void>,
): Promise<Row> {
  const connections = await connected(server, load.clients);
  const queue = load.items.values();
  const [cpu, began] = [server.cpu(), performance.now()];
  await Promise.all(
    connections.map(async (client) => {
      for (const item of queue) await work(client, item);
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  const cpuSeconds = server.cpu() - cpu;
  for (const client of connections) client.close();
  return { what: load.what, seconds, cpuSeconds, operations: load.items.length, bytes: load.bytes };
}

export function pushBlobs(server: Measured, blobs: readonly Blob[], clients: number, what: string): Promise<Row> {
  const bytes = blobs.reduce((sum, blob) => sum + blob.bytes.length, 0);
  return measure(server, { what, clients, items: blobs, bytes }, async (client, blob) => {
    const opened = await client.request("POST", "/v2/bench/blobs/blobs/uploads/");
    const location = new URL(headerOf(opened, "location") ?? "", server.url);
    location.searchParams.set("digest", blob.digest);
    const put = await client.request("PUT", `${location.pathname}${location.search}`, {
      headers: "Content-Type: application/octet-stream\r\n",
      body: blob.bytes,
    });
    if (put.status !== 201) throw new Error(`push answered ${put.status}`);
  });
}

export function pullBlobs(server: Measured, blobs: readonly Blob[], clients: number, what: string): Promise<Row> {
  const bytes = blobs.reduce((sum, blob) => sum + blob.bytes.length, 0);
  return measure(server, { what, clients, items: blobs, bytes }, async (client, blob) => {
    const got = await client.request("GET", `/v2/bench/blobs/blobs/${blob.digest}`);
    if (got.status !== 200 || got.bodyBytes !== blob.bytes.length)
      throw new Error(`pull answered ${got.status} with ${got.bodyBytes} bytes`);
  });
}

const OCI = "application/vnd.oci.image.manifest.v1+json";

/** Pushes the config that manifests need, and returns what a manifest is made of. */
export async function prepareRepository(server: Measured, repository: string): Promise<Blob> {
  const bytes = Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] } }));
  const blob = { bytes, digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}` };
  const client = await RawClient.open(server.url, server.ca);
  const opened = await client.request("POST", `/v2/${repository}/blobs/uploads/`);
  const location = new URL(headerOf(opened, "location") ?? "", server.url);
  location.searchParams.set("digest", blob.digest);
  await client.request("PUT", `${location.pathname}${location.search}`, {
    headers: "Content-Type: application/octet-stream\r\n",
    body: bytes,
  });
  client.close();
  return blob;
}

function manifestOf(config: Blob, number: number): Buffer {
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI,
      config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: config.digest, size: config.bytes.length },
      layers: [],
      annotations: { number: String(number) },
    }),
  );
}

/** `names` are `repository:tag`; every manifest is different. */
export async function putManifests(
  server: Measured,
  names: readonly string[],
  options: { clients: number; config: Blob; what: string },
): Promise<Row> {
  const items = names.map((name, number) => ({ name, number }));
  return measure(server, { what: options.what, clients: options.clients, items, bytes: 0 }, async (client, { name, number }) => {
    const [repository, tag] = name.split(":");
    const headers = `Content-Type: ${OCI}\r\n`;
    const put = await client.request("PUT", `/v2/${repository}/manifests/${tag}`, { headers, body: manifestOf(options.config, number) });
    if (put.status !== 201) throw new Error(`manifest answered ${put.status}`);
  });
}

export function getPaths(
  server: Measured,
  paths: readonly string[],
  options: { clients: number; method: string; what: string },
): Promise<Row> {
  return measure(server, { what: options.what, clients: options.clients, items: paths, bytes: 0 }, async (client, path) => {
    const got = await client.request(options.method, path, { headers: `Accept: ${OCI}\r\n` });
    if (got.status !== 200) throw new Error(`${path} answered ${got.status}`);
  });
}
