import { mkdir } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { MAX_MANIFEST_BYTES } from "@skerry/oci";
import { isRegistryError, RegistryError } from "./errors.ts";
import { ApiError } from "./http/api-error.ts";
import type { Access, RegistryContext } from "./http/context.ts";
import { dispatch } from "./http/dispatch.ts";
import { Exchange } from "./http/exchange.ts";
import type { RegistryOptions, RunningRegistry } from "./options.ts";
import { errorCode } from "./store/files.ts";
import { Layout } from "./store/layout.ts";
import { openStore } from "./store/open.ts";
import { takeRoot } from "./store/owner.ts";
import { Uploads } from "./store/uploads.ts";

const DAY_MS = 24 * 3600_000;
const DRAIN_MS = 30_000;
const READ_BYTES = 1024 * 1024;

const EVERYBODY: Access = { open: true, authenticate: async () => undefined, require: () => undefined, may: () => true };

/**
 * Starts a registry in this process.
 * @throws RegistryError `ROOT_BUSY`, `ROOT_INVALID`, `LISTEN_INVALID`, `LISTEN_FAILED`
 */
export async function startRegistry(options: RegistryOptions): Promise<RunningRegistry> {
  const { host, port } = listenAddress(options.listen ?? "127.0.0.1:0");
  await mkdir(options.root, { recursive: true, mode: 0o700 });
  const owner = await takeRoot(new Layout(options.root));
  try {
    const store = await openStore(options.root, {
      ...(options.files === undefined ? {} : { files: options.files }),
      ...(options.now === undefined ? {} : { now: options.now }),
      ...(options.leaseMs === undefined ? {} : { leaseMs: options.leaseMs }),
    });
    const uploads = new Uploads(store, options.uploadLifeMs ?? DAY_MS);
    const context: RegistryContext = {
      content: store,
      writable: options.readOnly === true ? undefined : { store, uploads, checkSpace: async () => undefined },
      access: EVERYBODY,
      limits: { manifestBytes: options.maxManifestBytes ?? MAX_MANIFEST_BYTES, uploadsPerUser: options.maxUploadsPerUser ?? 1000 },
    };
    const server = makeServer(context, options);
    await listening(server, host, port);
    const close = async (): Promise<void> => {
      await stopped(server);
      await uploads.park();
      await owner[Symbol.asyncDispose]();
    };
    return running(server, host, close);
  } catch (error) {
    await owner[Symbol.asyncDispose]();
    throw error;
  }
}

function running(server: Server, host: string, close: () => Promise<void>): RunningRegistry {
  const { port } = server.address() as AddressInfo;
  const name = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  let closing: Promise<void> | undefined;
  const once = (): Promise<void> => {
    closing ??= close();
    return closing;
  };
  return { host: name, url: `http://${name}`, port, close: once, [Symbol.asyncDispose]: once };
}

function makeServer(context: RegistryContext, options: RegistryOptions): Server {
  const server = createServer(
    {
      // A push of a large blob over a slow line takes hours; a connection that stands still is ended by the idle timer.
      requestTimeout: 0,
      headersTimeout: 60_000,
      keepAliveTimeout: 75_000,
      highWaterMark: READ_BYTES,
      maxHeaderSize: 32 * 1024,
      noDelay: true,
    },
    (request, response) => {
      void handle(context, request, response);
    },
  );
  server.timeout = options.idleMs ?? 120_000;
  return server;
}

async function handle(context: RegistryContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const exchange = new Exchange(request, response);
  try {
    await dispatch(context, exchange);
  } catch (error) {
    if (response.headersSent || exchange.brokenOff) response.destroy();
    else exchange.refuse(asApiError(error));
  }
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (["ENOSPC", "EDQUOT"].includes(errorCode(error) ?? "") || (isRegistryError(error) && error.code === "NO_SPACE")) {
    return new ApiError("INSUFFICIENT_STORAGE", { detail: "The registry's disk is full." });
  }
  return new ApiError("UNKNOWN", { detail: `The store failed (${errorCode(error) ?? "unexpected"}).` });
}

/** Waits for requests to end, then breaks off what is left. */
async function stopped(server: Server): Promise<void> {
  const done = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await done;
  clearTimeout(timer);
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ host, port }, resolve);
  try {
    await promise;
  } catch (cause) {
    throw new RegistryError({
      code: "LISTEN_FAILED",
      message: `Cannot listen on ${host}:${port}: ${errorCode(cause) ?? "unexpected"}`,
      subject: `${host}:${port}`,
      hint: "Name another address or port with --listen.",
      cause,
    });
  }
  server.removeListener("error", reject);
}

/** @throws RegistryError `LISTEN_INVALID` */
function listenAddress(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65535) {
    throw new RegistryError({
      code: "LISTEN_INVALID",
      message: `Cannot listen on ${JSON.stringify(text)}: expected HOST:PORT`,
      subject: text,
      hint: "Write 127.0.0.1:5000, [::1]:5000 or :0.",
    });
  }
  const host = match[1] ?? match[2] ?? "";
  return { host: host === "" ? "127.0.0.1" : host, port };
}
