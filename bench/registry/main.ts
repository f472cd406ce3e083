import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { getPaths, makeBlobs, prepareRepository, pullBlobs, pushBlobs, putManifests, type Row } from "./loads.ts";
import { availableServers, type Measured, type ServerKind, startServer } from "./servers.ts";

/**
 * Registries side by side: the same loads, interleaved, medians. The client shares the machine with the server.
 *
 *   node bench/registry/main.ts [--runs 5] [--only skerry,docker-registry] [--tls] [--quick] [--images 10000] [--big: 1 GiB blobs alone] [--json FILE]
 *     [--what push,pull,manifests]  some of: push, pull (with push), manifests, manifest-puts
 */
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    only: { type: "string", default: "" },
    tls: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    big: { type: "boolean", default: false },
    images: { type: "string", default: "0" },
    json: { type: "string", default: "" },
    what: { type: "string", default: "push,pull,manifests" },
  },
});

const WHAT = new Set(values.what.split(","));

interface Result {
  readonly server: string;
  readonly what: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly perSecond: number;
  readonly megabytesPerSecond: number;
}

const MB = 1_000_000;
const SHAPES = values.quick
  ? [
      [1, 8, 128],
      [1, 64, 256],
      [10, 8, 24],
      [10, 64, 64],
    ]
  : [
      [1, 1, 128],
      [1, 8, 256],
      [1, 64, 512],
      [10, 1, 24],
      [10, 8, 48],
      [10, 64, 64],
    ];

async function main(): Promise<void> {
  const wanted = values.only === "" ? availableServers() : (values.only.split(",") as ServerKind[]);
  const rows = new Map<string, Row[]>();
  const memory = new Map<string, number[]>();
  const scratch = await mkdtemp(join(process.env["BENCH_TMPDIR"] ?? tmpdir(), "skerry-bench-"));
  try {
    if (values.tls) await makeCertificate(scratch);
    for (let run = 0; run < Number(values.runs); run += 1) {
      for (const kind of wanted) {
        const folder = join(scratch, `${kind}-${run}`);
        const server = await startServer(kind, { folder, tls: values.tls });
        for await (const row of loadsOf(server)) {
          add(rows, `${kind}\t${row.what}`, row);
          // A run that is cut short has shown what it measured.
          console.error(
            `${kind} ${row.what}: ${row.seconds.toFixed(3)} s, CPU ${row.cpuSeconds.toFixed(2)} s, ${server.memory().peak.toFixed(0)} MB`,
          );
        }
        add(memory, kind, server.memory().peak);
        await server.stop();
        if (values.images !== "0" && run === 0) await manyImages(kind, folder, rows);
        // What is small stays to the end: ext4 passes by every file that was deleted a moment ago, and who comes next would pay for it.
        if (WHAT.has("push") || WHAT.has("pull")) await rm(folder, { recursive: true, force: true });
      }
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  await report(
    [...rows].map(([key, found]) => resultOf(key, found)),
    memory,
  );
}

async function* loadsOf(server: Measured): AsyncGenerator<Row> {
  yield { what: "start empty", seconds: server.startedMs / 1000, cpuSeconds: server.cpu(), operations: 1, bytes: 0 };
  const shapes = values.big
    ? [
        [1074, 1, 1],
        [1074, 8, 8],
      ]
    : SHAPES;
  for (const [megabytes = 1, clients = 1, count = 1] of WHAT.has("push") || WHAT.has("pull") ? shapes : []) {
    const blobs = makeBlobs(megabytes * MB, count);
    const label = `${megabytes} MB, ${clients} clients`;
    yield await pushBlobs(server, blobs, clients, `push ${label}`);
    if (WHAT.has("pull")) yield await pullBlobs(server, blobs, clients, `pull ${label}`);
  }
  if (WHAT.has("manifests") || WHAT.has("manifest-puts")) yield* manifestLoads(server, WHAT.has("manifests"));
}

async function* manifestLoads(server: Measured, gets: boolean): AsyncGenerator<Row> {
  for (const clients of [1, 8, 64]) {
    const repository = `bench/manifests${clients}`;
    const config = await prepareRepository(server, repository);
    const names = Array.from({ length: values.quick ? 300 : 1000 }, (_, index) => `${repository}:t${index}`);
    yield await putManifests(server, names, { clients, config, what: `PUT manifest, ${clients} clients` });
    if (!gets) continue;
    const paths = Array.from({ length: 3000 }, () => `/v2/${repository}/manifests/t5`);
    yield await getPaths(server, paths, { clients, method: "GET", what: `GET manifest, ${clients} clients` });
    yield await getPaths(server, paths, { clients, method: "HEAD", what: `HEAD manifest, ${clients} clients` });
  }
}

/** Many repositories and many tags; then a start with all of them there. */
async function manyImages(kind: ServerKind, folder: string, rows: Map<string, Row[]>): Promise<void> {
  const count = Number(values.images);
  const first = await startServer(kind, { folder, tls: values.tls });
  const config = await prepareRepository(first, "many/r0");
  const names = Array.from({ length: count }, (_, index) => `many/r${index}:latest`);
  // Registries that look for the config in the repository refuse without it: a mount is one request each.
  if (kind !== "skerry") {
    const mounts = names.map((name) => `/v2/${name.split(":")[0]}/blobs/uploads/?mount=${config.digest}&from=many/r0`);
    await mountAll(first, mounts);
  }
  const put = await putManifests(first, names, { clients: 8, config, what: `write ${count} images` });
  add(rows, `${kind}\t${put.what}`, put);
  await prepareRepository(first, "many/tags");
  const tags = Array.from({ length: count }, (_, index) => `many/tags:t${index}`);
  await putManifests(first, tags, { clients: 8, config, what: "" });
  await first.stop();
  const second = await startServer(kind, { folder, tls: values.tls });
  add(rows, `${kind}\tstart with ${count} images`, {
    what: "",
    seconds: second.startedMs / 1000,
    cpuSeconds: second.cpu(),
    operations: 1,
    bytes: 0,
  });
  for (const turn of ["first", "again"]) {
    for (const [path, label] of [
      [`/v2/_catalog?n=${kind === "docker-registry" ? 1000 : 100_000}`, "_catalog"],
      ["/v2/many/tags/tags/list", "tag list"],
    ] as const) {
      const row = await getPaths(second, [path], { clients: 1, method: "GET", what: "" });
      add(rows, `${kind}\t${label} of ${count}, ${turn}`, row);
    }
  }
  await second.stop();
}

async function mountAll(server: Measured, paths: readonly string[]): Promise<void> {
  const { RawClient } = await import("./raw-client.ts");
  const client = await RawClient.open(server.url, server.ca);
  for (const path of paths) await client.request("POST", path);
  client.close();
}

/** All servers use the certificate that skerry makes, so that the handshake costs the same. */
async function makeCertificate(scratch: string): Promise<void> {
  const server = await startServer("skerry", { folder: scratch, tls: true });
  await server.stop();
}

function add<T>(into: Map<string, T[]>, key: string, value: T): void {
  into.set(key, [...(into.get(key) ?? []), value]);
}

function resultOf(key: string, rows: readonly Row[]): Result {
  const [server = "", what = ""] = key.split("\t");
  const seconds = median(rows.map((row) => row.seconds));
  const { operations = 0, bytes = 0 } = rows[0] ?? {};
  const cpuSeconds = median(rows.map((row) => row.cpuSeconds));
  return { server, what, seconds, cpuSeconds, perSecond: operations / seconds, megabytesPerSecond: bytes / MB / seconds };
}

function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

async function report(results: readonly Result[], memory: ReadonlyMap<string, readonly number[]>): Promise<void> {
  const base = new Map(results.filter((result) => result.server === "docker-registry").map((result) => [result.what, result]));
  const order = [...new Set(results.map((result) => result.what))];
  for (const what of order) {
    for (const result of results.filter((candidate) => candidate.what === what)) {
      const other = base.get(what);
      const ratio =
        other === undefined || other === result
          ? ""
          : `  wall ${(result.seconds / other.seconds).toFixed(2)}x, CPU ${(result.cpuSeconds / Math.max(0.01, other.cpuSeconds)).toFixed(2)}x of docker-registry`;
      const rate = result.megabytesPerSecond > 0 ? `${result.megabytesPerSecond.toFixed(0)} MB/s` : `${result.perSecond.toFixed(0)}/s`;
      console.log(
        `${what.padEnd(28)} ${result.server.padEnd(16)} ${result.seconds.toFixed(3)} s  ${rate.padStart(10)}  CPU ${result.cpuSeconds.toFixed(2)} s${ratio}`,
      );
    }
  }
  for (const [server, peaks] of memory) console.log(`peak memory                  ${server.padEnd(16)} ${median(peaks).toFixed(0)} MB`);
  if (values.json !== "")
    await writeFile(values.json, `${JSON.stringify({ results, memory: Object.fromEntries(memory) }, undefined, 1)}\n`);
}

await main();
