import { open } from "node:fs/promises";
import { join } from "node:path";
import {
  type RegistryConfigFile,
  type RegistryOptions,
  type RunningRegistry,
  readRegistryConfig,
  startRegistry,
  type TlsChoice,
} from "@skerry/registry";
import { UsageError } from "../../args/errors.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { EXIT, interruptedCode } from "../../output/error.ts";
import { openMachineRegistries } from "../../registries/open.ts";
import { appendLines } from "./append-lines.ts";
import { openContent } from "./open-content.ts";
import { repairSources } from "./repair-sources.ts";
import type { ServeFlags } from "./serve.ts";

/** Serves until it is told to stop. */
export async function run(job: Job<ServeFlags>): Promise<number> {
  const { flags } = job;
  const file = flags.config === undefined ? {} : await readRegistryConfig(pathOf(job, flags.config));
  const root = pathOf(job, flags.root ?? file.root ?? "./registry");
  const content = flags.from === undefined ? undefined : await openContent(job, flags.from);
  await using audit = await appendLines(content === undefined ? () => open(join(root, "audit.jsonl"), "a", 0o600) : undefined);
  await using access = await accessLog(job);
  // As every other registry: with what this machine has for them.
  await using upstreams = await openMachineRegistries(job.world);
  const options = { ...settings(job, file), root, ...(content === undefined ? {} : { content, readOnly: true }) };
  const registry = await startRegistry({
    ...options,
    onAudit: (entry) => audit.append(entry),
    ...(access === undefined ? {} : { onAccess: (entry) => access.append(entry) }),
    onWarning: (message) => job.log.warn(message),
    onFault: (error, path) => job.log.error(`Request for ${path} failed: ${error instanceof Error ? error.message : "unexpected"}`),
    repairSources: repairSources(job),
    upstreams: (file.upstreams ?? []).map(({ prefix, host }) => ({ prefix, namespace: host, reader: upstreams.reader(host) })),
  });
  await announce(job, registry, flags.from ?? root);
  const stopListening = job.world.onHangup(() => void reload(job, registry));
  await stopped(job.signal);
  stopListening();
  job.log.info("Stopping: running requests have 30 s.");
  await registry.close();
  return interruptedCode(job.signal, EXIT.done);
}

/** `root`: what is served, a folder of its own or what `--from` names. */
async function announce(job: Job<ServeFlags>, registry: RunningRegistry, root: string): Promise<void> {
  const { url, host, port } = registry;
  await job.out.result(
    { kind: "RegistryServing", url, host, port, root },
    { text: () => `Serving ${root} at ${url}\n`, names: () => [url] },
  );
}

async function reload(job: Job<ServeFlags>, registry: RunningRegistry): Promise<void> {
  try {
    await registry.reload();
    job.log.info("Users and certificates are loaded again.");
  } catch (error) {
    job.log.error(`Nothing was loaded: ${error instanceof Error ? error.message : "unexpected"}`);
  }
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Flags win over the file; what neither says follows from the address. */
function settings(job: Job<ServeFlags>, file: RegistryConfigFile): Omit<RegistryOptions, "root"> {
  const { flags } = job;
  const listen = flags.listen ?? file.listen ?? "127.0.0.1:5000";
  const local = /^(?:127\.[\d.]+|localhost|\[::1\]|):\d+$/.test(listen);
  const hosts = flags.host.length > 0 ? flags.host : (file.hosts ?? []);
  const htpasswd = flags.htpasswd ?? file.htpasswd;
  const open = local || flags["i-know"];
  return {
    ...limits(file),
    listen,
    hosts,
    tls: tlsChoice(job, file, open ? "off" : "auto"),
    auth: flags.auth ?? file.auth ?? (open && htpasswd === undefined ? "none" : "htpasswd"),
    ...(htpasswd === undefined ? {} : { htpasswd: pathOf(job, htpasswd) }),
    ...(file.access === undefined ? {} : { accessFile: pathOf(job, file.access) }),
    anonymousPull: flags["anonymous-pull"] || file.anonymousPull === true,
    readOnly: flags["read-only"] || file.readOnly === true,
    unsafe: flags["i-know"],
    ...(flags["min-free"] === undefined ? {} : { minFreeBytes: flags["min-free"] }),
  };
}

const LIMITS = [
  "minFreeBytes",
  "quotas",
  "leaseMs",
  "uploadLifeMs",
  "idleMs",
  "drainMs",
  "maxManifestBytes",
  "maxUploadsPerUser",
] as const satisfies readonly (keyof RegistryConfigFile)[];

function limits(file: RegistryConfigFile): Partial<RegistryOptions> {
  return Object.fromEntries(LIMITS.filter((key) => file[key] !== undefined).map((key) => [key, file[key]]));
}

function tlsChoice(job: Job<ServeFlags>, file: RegistryConfigFile, otherwise: "auto" | "off"): TlsChoice {
  const [cert, key] = [job.flags.cert ?? file.cert, job.flags.key ?? file.key];
  const kind = job.flags.tls ?? file.tls ?? (cert === undefined ? otherwise : "files");
  if (kind !== "files") return { kind };
  if (cert === undefined || key === undefined) {
    throw new UsageError("--tls files needs a certificate and its key", { subject: "--tls", hint: "Add --cert FILE and --key FILE." });
  }
  return { kind, certificate: pathOf(job, cert), key: pathOf(job, key) };
}

async function accessLog(job: Job<ServeFlags>): Promise<Awaited<ReturnType<typeof appendLines>> | undefined> {
  const path = job.flags["access-log"];
  if (path === undefined) return undefined;
  if (path === "-") {
    return { append: (entry) => job.world.stderr.write(`${JSON.stringify(entry)}\n`), [Symbol.asyncDispose]: async () => undefined };
  }
  return appendLines(() => open(pathOf(job, path), "a", 0o600));
}
