import type { Server } from "node:http";
import { Server as TlsServer } from "node:https";
import { dirname, join } from "node:path";
import { makeFolder } from "@skerry/oci";
import { BasicAccess } from "./auth/basic-auth.ts";
import { everybody } from "./auth/everybody.ts";
import { serveControl } from "./care/control-server.ts";
import { LocalCare } from "./care/local-care.ts";
import { folderSources } from "./care/open-care.ts";
import { RegistryError } from "./errors.ts";
import { checkHostNames } from "./host-names.ts";
import type { Access, RegistryContext, Writable } from "./http/context.ts";
import { RequestHandler } from "./http/handler.ts";
import { isLoopback, type ListenAddress, listenAddress, makeServer, secureContext, startListening, stopListening } from "./http/listen.ts";
import { Metrics } from "./http/metrics.ts";
import { SpaceGuard } from "./http/space.ts";
import type { RegistryOptions, RunningRegistry } from "./options.ts";
import { errorCode } from "./store/files.ts";
import { Layout } from "./store/layout.ts";
import { openStore } from "./store/open.ts";
import { takeRoot } from "./store/owner.ts";
import { Pieces } from "./store/pieces.ts";
import { PullThrough } from "./store/pull-through.ts";
import { ReadBuffers } from "./store/read-buffers.ts";
import type { RegistryStore } from "./store/store.ts";
import { Uploads } from "./store/uploads.ts";
import type { ServerCertificate, TlsChoice } from "./tls/certificates.ts";

const HOUR_MS = 3600_000;
const DAY_MS = 24 * HOUR_MS;
const DRAIN_MS = 30_000;
const IDLE_MS = 120_000;
const MAX_UPLOADS = 1000;
/** What the specification asks for at least, and registries take: each of many clients may make us hold as much in memory. */
const MANIFEST_BYTES = 4 * 1024 * 1024;

/** Parts that are started one after the other, and stopped in the opposite order. */
interface Parts {
  readonly options: RegistryOptions;
  readonly now: () => number;
  readonly address: ListenAddress;
  readonly stack: AsyncDisposableStack;
  readonly pieces: Pieces;
  certificate: ServerCertificate | undefined;
}

/**
 * Starts a registry in this process.
 * @throws RegistryError `ROOT_BUSY`, `ROOT_INVALID`, `LISTEN_INVALID`, `LISTEN_UNSAFE`, `LISTEN_FAILED`, `CONFIG_INVALID`, `CERTIFICATE_INVALID`
 */
export async function startRegistry(options: RegistryOptions): Promise<RunningRegistry> {
  const address = listenAddress(options.listen ?? "127.0.0.1:0");
  checkHostNames(options.hosts ?? []);
  checkSafe(address, options);
  // What is served from elsewhere may lie where nothing can be written; only a certificate needs a folder then.
  if (options.content === undefined || options.tls?.kind === "auto") await makeRootFolder(options.root);
  await using stack = new AsyncDisposableStack();
  const parts: Parts = { options, now: options.now ?? Date.now, address, stack, pieces: new Pieces(), certificate: undefined };
  await renew(parts);
  const access = options.auth === "htpasswd" ? await basicAccess(parts) : everybody;
  const writable = options.content === undefined ? await openWritable(parts) : undefined;
  const { upstreams = [], onWarning } = options;
  const through =
    writable === undefined || upstreams.length === 0
      ? undefined
      : new PullThrough(writable.store, writable.uploads, { upstreams, onWarning });
  let ready = true;
  const context: RegistryContext = {
    content: options.content ?? through ?? (writable?.store as RegistryStore),
    repositoryFor: (namespace, path) => through?.repositoryFor(namespace, path),
    writable: options.readOnly === true ? undefined : writable,
    access,
    names: new Set((options.hosts ?? []).map((name) => name.toLowerCase())),
    readBuffers: new ReadBuffers(parts.pieces),
    metrics: metricsOf(parts, writable),
    isReady: () => ready,
    limits: { manifestBytes: options.maxManifestBytes ?? MANIFEST_BYTES, uploadsPerUser: options.maxUploadsPerUser ?? MAX_UPLOADS },
  };
  const { onAccess, onAudit, onFault } = options;
  const handler = new RequestHandler(context, { now: parts.now, onAccess, onAudit, onFault });
  const server = makeServer((request, response) => handler.handle(request, response), {
    pair: parts.certificate,
    idleMs: options.idleMs ?? IDLE_MS,
  });
  const port = await startListening(server, address);
  stack.defer(async () => {
    ready = false;
    await stopListening(server, options.drainMs ?? DRAIN_MS);
    await handler.idle();
  });
  const reload = async (): Promise<void> => {
    if (access instanceof BasicAccess) await access.reload();
    await renew(parts);
    if (server instanceof TlsServer && parts.certificate !== undefined) {
      server.setSecureContext(secureContext(parts.certificate));
    }
  };
  warnOfClosedDoors(parts, access);
  const daily = setInterval(() => {
    reload().catch((error: unknown) => options.onWarning?.(error instanceof Error ? error.message : "The daily reload failed."));
  }, DAY_MS);
  daily.unref();
  stack.defer(() => clearInterval(daily));
  return running({ server, address, port, reload, parts: stack.move() });
}

/** @throws RegistryError `ROOT_INVALID` where no folder can be made */
async function makeRootFolder(root: string): Promise<void> {
  try {
    await makeFolder(root, 0o700);
  } catch (cause) {
    throw new RegistryError({
      code: "ROOT_INVALID",
      message: `Cannot make the folder ${root}: ${errorCode(cause) ?? "unexpected"}`,
      subject: root,
      hint: "Name a folder with --root that you may write to.",
      cause,
    });
  }
}

interface Started {
  readonly server: Server;
  readonly address: ListenAddress;
  readonly port: number;
  readonly reload: () => Promise<void>;
  readonly parts: AsyncDisposableStack;
}

function running({ server, address, port, reload, parts }: Started): RunningRegistry {
  const name = `${address.host.includes(":") ? `[${address.host}]` : address.host}:${port}`;
  const scheme = server instanceof TlsServer ? "https" : "http";
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= parts.disposeAsync();
    return closing;
  };
  return { host: name, url: `${scheme}://${name}`, port, reload, close, [Symbol.asyncDispose]: close };
}

/** What makes a registry of no use to others, and is easily forgotten. */
function warnOfClosedDoors({ options, address }: Parts, access: Access): void {
  if (access instanceof BasicAccess && !access.hasUsers && options.anonymousPull !== true) {
    options.onWarning?.("There are no users, so nobody can log in: add one with 'skerry registry user add', then send SIGHUP.");
  }
  if (!isLoopback(address) && options.tls?.kind === "auto" && (options.hosts ?? []).length === 0) {
    options.onWarning?.("The certificate is for this machine's loopback alone: name what others call it with --host.");
  }
}

/** @throws RegistryError `LISTEN_UNSAFE` */
function checkSafe(address: ListenAddress, options: RegistryOptions): void {
  const tls = (options.tls?.kind ?? "off") !== "off";
  if (isLoopback(address) || options.unsafe === true || (tls && options.auth === "htpasswd")) return;
  throw new RegistryError({
    code: "LISTEN_UNSAFE",
    message: `Cannot listen on ${address.host}:${address.port}: other machines reach it, and it has ${tls ? "no users" : "no TLS"}`,
    subject: `${address.host}:${address.port}`,
    hint: "Use --tls auto --auth htpasswd, listen on 127.0.0.1, or say --i-know.",
  });
}

/** The certificate part is loaded when it is needed: its library takes a while to start. */
async function renew(parts: Parts): Promise<void> {
  const choice: TlsChoice = parts.options.tls ?? { kind: "off" };
  if (choice.kind === "off") return;
  const { serverCertificate } = await import("./tls/certificates.ts");
  const { root, hosts = [] } = parts.options;
  parts.certificate = await serverCertificate(choice, { root, hosts, now: parts.now() });
  if (parts.certificate.warning !== undefined) parts.options.onWarning?.(parts.certificate.warning);
}

function basicAccess({ options, now }: Parts): Promise<BasicAccess> {
  const htpasswd = options.htpasswd ?? join(options.root, "htpasswd");
  const access = options.accessFile ?? join(dirname(htpasswd), "access.yaml");
  return BasicAccess.load({ files: { htpasswd, access }, anonymousPull: options.anonymousPull === true, now });
}

async function openWritable(parts: Parts): Promise<Writable> {
  const { options, stack, now } = parts;
  const layout = new Layout(options.root);
  stack.use(await takeRoot(layout));
  const { files, leaseMs, journalChanges } = options;
  const store = await openStore(options.root, {
    now,
    ...(files === undefined ? {} : { files }),
    ...(leaseMs === undefined ? {} : { leaseMs }),
    ...(journalChanges === undefined ? {} : { journalChanges }),
  });
  stack.defer(() => store.close());
  const uploads = new Uploads(store, options.uploadLifeMs ?? DAY_MS, parts.pieces);
  const care = new LocalCare(store, uploads, {
    sources: options.repairSources ?? folderSources,
    certificateEndsAt: () => parts.certificate?.endsAt,
  });
  const control = await serveControl(layout.control, care);
  if (control !== undefined) stack.use(control);
  stack.defer(() => uploads.park());
  const hourly = setInterval(() => {
    uploads.removeAbandoned().catch((error: unknown) => options.onFault?.(error, "uploads"));
  }, HOUR_MS);
  hourly.unref();
  stack.defer(() => clearInterval(hourly));
  const { minFreeBytes, quotas } = options;
  const guard = new SpaceGuard(store, {
    ...(minFreeBytes === undefined ? {} : { minFreeBytes }),
    ...(quotas === undefined ? {} : { quotas }),
  });
  return { store, uploads, checkSpace: (repository, bytes) => guard.check(repository, bytes), freeBytes: () => guard.freeBytes() };
}

function metricsOf(parts: Parts, writable: Writable | undefined): Metrics {
  return new Metrics({
    uploads: () => writable?.uploads.count() ?? 0,
    freeBytes: async () => (await writable?.freeBytes()) ?? 0,
    certificateEndsAt: () => parts.certificate?.endsAt,
  });
}
