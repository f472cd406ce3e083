import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BUNDLE, shipped } from "../shipped.ts";
import { RawClient } from "./raw-client.ts";

/** A registry as a process of its own, whose cost can be read. */
export interface Measured {
  readonly name: string;
  readonly url: string;
  readonly ca: string | undefined;
  /** Milliseconds from start to the first answer. */
  readonly startedMs: number;
  /** CPU seconds so far, of the process and its threads. */
  cpu(): number;
  /** Resident megabytes now, and at most since it started. */
  memory(): { readonly now: number; readonly peak: number };
  stop(): Promise<void>;
}

export type ServerKind = "skerry" | "docker-registry" | "distribution-v3";

export interface ServerPlace {
  readonly folder: string;
  readonly tls: boolean;
}

/** Kinds that can be started on this machine. */
export function availableServers(): readonly ServerKind[] {
  const kinds: ServerKind[] = ["skerry"];
  if (existsSync("/usr/bin/docker-registry")) kinds.push("docker-registry");
  if (existsSync(distributionPath())) kinds.push("distribution-v3");
  return kinds;
}

/** `go install github.com/distribution/distribution/v3/cmd/registry@latest` puts it there. */
function distributionPath(): string {
  return process.env["DISTRIBUTION_V3"] ?? join(process.env["HOME"] ?? "/root", "go", "bin", "registry");
}

export async function startServer(kind: ServerKind, place: ServerPlace): Promise<Measured> {
  await mkdir(place.folder, { recursive: true });
  const port = await freePort();
  const began = performance.now();
  const child = kind === "skerry" ? startSkerry(place, port) : await startDistribution(kind, place, port);
  const url = `${place.tls ? "https" : "http"}://localhost:${port}`;
  const ca = await answering(url, place, child);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${kind} did not start`);
  return {
    name: kind,
    url: url.replace("localhost", place.tls ? "localhost" : "127.0.0.1"),
    ca,
    startedMs: performance.now() - began,
    cpu: () => cpuSeconds(pid),
    memory: () => memoryOf(pid),
    stop: () => stop(child),
  };
}

function startSkerry({ folder, tls }: ServerPlace, port: number): ChildProcess {
  const [program, ...first] = shipped(process.env["SKERRY_BUNDLE"] ?? BUNDLE);
  const args = ["registry", "serve", "--root", folder, "--listen", `127.0.0.1:${port}`, ...(tls ? ["--tls", "auto"] : [])];
  return spawn(program, [...first, ...args], { stdio: ["ignore", "ignore", "inherit"] });
}

/** Both generations read the same configuration. They take the certificate that skerry made for the TLS runs. */
async function startDistribution(kind: ServerKind, { folder, tls }: ServerPlace, port: number): Promise<ChildProcess> {
  const file = join(folder, "config.yml");
  const certificate = join(folder, "..", "tls");
  const lines = [
    "version: 0.1",
    "log: {level: error, accesslog: {disabled: true}}",
    `storage: {filesystem: {rootdirectory: ${join(folder, "data")}}, delete: {enabled: true}, maintenance: {uploadpurging: {enabled: false}}}`,
    `http: {addr: "127.0.0.1:${port}"${tls ? `, tls: {certificate: ${certificate}/server.crt, key: ${certificate}/server.key}` : ""}}`,
  ];
  await writeFile(file, `${lines.join("\n")}\n`);
  const program = kind === "docker-registry" ? "/usr/bin/docker-registry" : distributionPath();
  return spawn(program, ["serve", file], { stdio: "ignore", env: { ...process.env, OTEL_TRACES_EXPORTER: "none" } });
}

async function answering(url: string, { folder, tls }: ServerPlace, child: ChildProcess): Promise<string | undefined> {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    try {
      const ca = tls ? await caOf(folder) : undefined;
      const client = await RawClient.open(url, ca);
      await client.request("GET", "/v2/");
      client.close();
      return ca;
    } catch {
      await sleep(5);
    }
  }
  throw new Error(`${url} does not answer`);
}

async function caOf(folder: string): Promise<string> {
  for (const path of [join(folder, "tls", "ca.crt"), join(folder, "..", "tls", "ca.crt")])
    if (existsSync(path)) return readFile(path, "utf8");
  throw new Error("no CA yet");
}

function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function memoryOf(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const megabytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
  return { now: megabytes("VmRSS"), peak: megabytes("VmHWM") };
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((done) => {
    child.once("exit", () => done());
    child.kill("SIGKILL");
  });
}

function freePort(): Promise<number> {
  return new Promise((found) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => found(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
