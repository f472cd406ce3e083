import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs, promisify } from "node:util";
import { type Descriptor, digestOf, MEDIA_TYPES, Registries, type Writer } from "@skerry/oci";
import { findProgram } from "../tests/support/program.ts";
import { startServer } from "./registry/servers.ts";
import { shipped } from "./shipped.ts";

/**
 * `archive.ts [SCALE] [ROUNDS] [--round-trip MS] [--alone]`: exports and imports a set of 191 images with shared layers
 * (2.07 GiB unique at scale 1) beside crane and skopeo, interleaved, and prints medians. With `--round-trip` every registry is
 * that far away; with `--alone` the others are left out, for memory: 0.24 is 500 MiB, 2.4 is 5 GiB. Needs docker-registry;
 * crane and skopeo where they are there.
 */
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { "round-trip": { type: "string", default: "0" }, alone: { type: "boolean", default: false } },
});
const roundTripMs = Number(options["round-trip"]);
const scale = Number(positionals[0] ?? "1");
const rounds = Number(positionals[1] ?? "3");
const MIB = 1024 * 1024;
const run = promisify(execFile);
const root = resolve(import.meta.dirname, "..");
const dir = await mkdtemp(join(process.env["SKERRY_BENCH_DIR"] ?? tmpdir(), "skerry-archive-bench-"));
const dist = join(dir, "dist");
const results = new Map<string, number[]>();

interface Measured {
  readonly seconds: number;
  readonly megabytes: number;
  readonly written: number;
}

/** Runs a program under /usr/bin/time where it is there; the result goes to the table under `name`. */
async function measured(name: string, file: string, args: readonly string[], cwd = dir): Promise<Measured> {
  const began = performance.now();
  const { stderr } = await run("/usr/bin/time", ["-f", "TIME %M %O", file, ...args], { cwd, maxBuffer: 64 * MIB });
  const seconds = (performance.now() - began) / 1000;
  const [, memory, blocks] = /TIME (\d+) (\d+)/.exec(stderr) ?? [];
  results.set(name, [...(results.get(name) ?? []), seconds]);
  console.log(`${name.padEnd(40)} ${seconds.toFixed(2)} s`);
  return { seconds, megabytes: Number(memory) / 1024, written: (Number(blocks) * 512) / MIB };
}

/** Host of a registry as the contestants see it: behind a proxy that holds every byte back, where a round trip is asked for. */
async function seenFrom(url: string): Promise<{ readonly host: string; stop(): void }> {
  const direct = url.replace(/^https?:\/\//, "");
  if (roundTripMs === 0) return { host: direct, stop: () => undefined };
  const proxy = join(root, "bench", "copy", "delay-proxy.ts");
  const child = spawn(process.execPath, [proxy, direct.split(":")[1] ?? "", String(roundTripMs / 2)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  return { host: `127.0.0.1:${port.toString("utf8").trim()}`, stop: () => void child.kill() };
}

/** Lets another program fill an empty registry of the same kind, as far away as ours was. */
async function besideOurs(kind: "docker-registry" | "skerry", round: number, push: (host: string) => Promise<void>): Promise<void> {
  const folder = join(dir, `${kind}-${round}-beside`);
  const server = await startServer(kind, { folder, tls: false });
  const seen = await seenFrom(server.url);
  await push(seen.host);
  seen.stop();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function seed(writer: Writer, host: string): Promise<string[]> {
  const shared = await Promise.all(Array.from({ length: 48 }, (_, index) => bytesOf(`shared ${index}`, Math.round(16 * MIB * scale))));
  const references: string[] = [];
  for (let index = 0; index < 191; index++) {
    const at = { repository: `world/image-${index % 40}` };
    const layers: Descriptor[] = [];
    const own = await bytesOf(`own ${index}`, Math.round(7 * MIB * scale));
    for (const body of [shared[index % 48] ?? own, own]) layers.push(await put(writer, at.repository, body));
    const config = await put(writer, at.repository, Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux", config: { index } })));
    const document = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MEDIA_TYPES.ociManifest,
        config: { ...config, mediaType: MEDIA_TYPES.ociConfig },
        layers: layers.map((layer) => ({ ...layer, mediaType: MEDIA_TYPES.ociLayer })),
      }),
    );
    const manifest = { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf(document), size: document.byteLength };
    await writer.putManifest(at, manifest, { ...manifest, bytes: document }, [`v${index}`]);
    references.push(`${host}/${at.repository}:v${index}`);
  }
  return references;
}

async function put(writer: Writer, repository: string, bytes: Uint8Array): Promise<Descriptor> {
  const descriptor = { mediaType: "application/octet-stream", digest: digestOf(bytes), size: bytes.byteLength };
  if (await writer.has({ repository }, descriptor)) return descriptor;
  const write = await writer.begin({ repository }, descriptor);
  await write.append(
    (async function* () {
      yield bytes;
    })(),
  );
  await write.commit();
  return descriptor;
}

/** Bytes that do not compress, from a name. */
async function bytesOf(name: string, size: number): Promise<Uint8Array> {
  const bytes = Buffer.alloc(size);
  const block = createHash("sha512").update(name).digest();
  for (let at = 0; at < size; at += 64) block.copy(bytes, at);
  bytes.write(name, 0);
  return bytes;
}

async function bytesIn(folder: string): Promise<number> {
  let sum = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) sum += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return sum / MIB;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

try {
  await run(process.execPath, [join(root, "tools", "build", "main.ts"), dist]);
  const [skerry, ...first] = shipped(join(dist, "skerry.mjs"));
  const upstream = await startServer("docker-registry", { folder: join(dir, "upstream"), tls: false });
  const source = upstream.url.replace(/^https?:\/\//, "");
  await using registries = new Registries({ insecureHosts: "all" });
  const near = await seenFrom(upstream.url);
  const references = (await seed(registries.writer(source), source)).map((name) => name.replace(source, near.host));
  const config = join(dir, "set.yaml");
  await writeFile(
    config,
    `apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\nmirror:\n  additionalImages:\n${references.map((name) => `    - name: ${name}\n`).join("")}`,
  );
  const list = join(dir, "list");
  const crane = options.alone ? undefined : findProgram("crane");
  const skopeo = options.alone ? undefined : findProgram("skopeo");
  await writeFile(list, references.join("\n"));
  const skopeoAll = "xargs -n1 sh -c";
  for (let round = 0; round < rounds; round++) {
    const archive = join(dir, `archive-${round}`);
    const workspace = join(dir, `near-${round}`);
    await mkdir(workspace, { recursive: true });
    const flags = ["--tls-verify=false", "--referrers", "none", "-q", "--workspace", join(workspace, "w")];
    const out = await measured("export skerry", skerry, [...first, "mirror", "-c", config, ...flags, `file://${archive}`], workspace);
    const again = await measured(
      "export skerry, again",
      skerry,
      [...first, "mirror", "-c", config, ...flags, `file://${archive}`],
      workspace,
    );
    console.log(
      "export",
      out,
      "again",
      again.seconds,
      "archive MiB",
      await bytesIn(archive),
      "workspace MiB",
      await bytesIn(join(workspace, "w")),
    );
    const pulled = join(dir, `crane-${round}`);
    if (crane !== undefined) {
      await measured("export crane", crane, ["pull", "--insecure", "--format=oci", ...references, pulled]);
    }
    const layout = join(dir, `skopeo-${round}`);
    if (skopeo !== undefined) {
      const pull = `n=\${0##*/}; ${skopeo} copy -q --all --preserve-digests --src-tls-verify=false docker://$0 oci:${layout}:$n`;
      await measured("export skopeo", "sh", ["-c", `${skopeoAll} '${pull}' < ${list}`]);
    }
    for (const kind of ["docker-registry", "skerry"] as const) {
      const target = await startServer(kind, { folder: join(dir, `${kind}-${round}`), tls: false });
      const far = await seenFrom(target.url);
      const { host } = far;
      const into = ["mirror", "--from", `file://${archive}`, "--insecure", "-q", "--workspace", join(dir, `far-${kind}-${round}`)];
      const imported = await measured(`import skerry into ${kind}`, skerry, [...first, ...into, `docker://${host}/far`]);
      await measured(`import skerry into ${kind}, again`, skerry, [...first, ...into, `docker://${host}/far`]);
      console.log(`import into ${kind}`, imported, "workspace MiB", await bytesIn(join(dir, `far-${kind}-${round}`)));
      far.stop();
      await target.stop();
      await rm(join(dir, `${kind}-${round}`), { recursive: true, force: true });
      if (skopeo !== undefined) {
        await besideOurs(kind, round, async (to) => {
          const push = `n=\${0##*/}; ${skopeo} copy -q --all --preserve-digests --dest-tls-verify=false oci:${layout}:$n docker://${to}/far/$n`;
          await measured(`import skopeo into ${kind}`, "sh", ["-c", `${skopeoAll} '${push}' < ${list}`]);
        });
      }
      if (crane !== undefined) {
        // crane takes a layout of many images as one index only, into one repository: less work than the others do.
        await besideOurs(kind, round, async (to) => {
          await measured(`import crane into ${kind}`, crane, ["push", "--insecure", "--index", pulled, `${to}/far/all:1`]);
        });
      }
    }
    for (const folder of [layout, archive, pulled]) await rm(folder, { recursive: true, force: true });
  }
  near.stop();
  await upstream.stop();
  for (const [name, values] of results)
    console.log(`${name.padEnd(40)} ${median(values).toFixed(2)} s  (${values.map((one) => one.toFixed(2)).join(", ")})`);
} finally {
  await rm(dir, { recursive: true, force: true });
}
