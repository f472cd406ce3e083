import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { DEFAULT_CIPHERS, type SecureContextOptions } from "node:tls";
import { RegistryError } from "../errors.ts";
import { errorCode } from "../store/files.ts";
import type { PemPair } from "../tls/issue.ts";

/** Kept of a body while its taker waits. */
const READ_BYTES = 128 * 1024;
const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|localhost)$/;

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** `HOST:PORT`, `[IPv6]:PORT` or `:PORT` for the loopback. @throws RegistryError `LISTEN_INVALID` */
export function listenAddress(text: string): ListenAddress {
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

/** True when only this machine reaches the address. */
export function isLoopback({ host }: ListenAddress): boolean {
  return LOOPBACK.test(host);
}

/** An HTTP server, or with a certificate an HTTPS server, tuned for long transfers of large bodies. */
export function makeServer(
  listener: RequestListener,
  options: { readonly pair?: PemPair | undefined; readonly idleMs: number },
): Server | TlsServer {
  const tuning = {
    // A push of a large blob over a slow line takes hours; a connection that stands still is ended by the idle timer.
    requestTimeout: 0,
    headersTimeout: 60_000,
    keepAliveTimeout: 75_000,
    highWaterMark: READ_BYTES,
    maxHeaderSize: 32 * 1024,
    noDelay: true,
  };
  const { pair } = options;
  const server = pair === undefined ? createServer(tuning, listener) : createTlsServer({ ...tuning, ...secureContext(pair) }, listener);
  server.timeout = options.idleMs;
  return server;
}

/** Of two ciphers that nobody breaks the quicker one: a GB costs a tenth of a second less at either end. */
const FIRST_CIPHER = "TLS_AES_128_GCM_SHA256";

/** What clients agree on with the server: the ciphers that this Node allows, in our order. */
export function secureContext(pair: PemPair): SecureContextOptions {
  const allowed = DEFAULT_CIPHERS.split(":");
  const others = allowed.filter((name) => name !== FIRST_CIPHER);
  const ciphers = allowed.length === others.length ? allowed : [FIRST_CIPHER, ...others];
  return { cert: pair.certificate, key: pair.key, minVersion: "TLSv1.2", ciphers: ciphers.join(":"), honorCipherOrder: true };
}

/** @throws RegistryError `LISTEN_FAILED` */
export async function startListening(server: Server | TlsServer, address: ListenAddress): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ host: address.host, port: address.port }, resolve);
  try {
    await promise;
  } catch (cause) {
    throw new RegistryError({
      code: "LISTEN_FAILED",
      message: `Cannot listen on ${address.host}:${address.port}: ${errorCode(cause) ?? "unexpected"}`,
      subject: `${address.host}:${address.port}`,
      hint: "Name another address or port with --listen.",
      cause,
    });
  }
  server.removeListener("error", reject);
  return (server.address() as AddressInfo).port;
}

/** Takes no more connections, waits for running requests, and breaks off what is left after `drainMs`. */
export async function stopListening(server: Server | TlsServer, drainMs: number): Promise<void> {
  const done = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), drainMs);
  await done;
  clearTimeout(timer);
}
