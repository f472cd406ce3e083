import dns from "node:dns";
import { isIP, type LookupFunction, type Socket } from "node:net";
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import { buildConnector, type Dispatcher, Pool, ProxyAgent } from "undici";
import { OciError } from "../errors.ts";
import { hostName, type IsPrivateAddress } from "./address.ts";
import { type ProxySettings, proxyFor } from "./proxy.ts";

/** Certificates for one host, from certs.d and the command line. PEM. */
export interface TlsMaterial {
  readonly ca: readonly string[];
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface ConnectionsOptions {
  readonly proxies: ProxySettings;
  readonly isPrivate: IsPrivateAddress;
  readonly lookup?: LookupFunction | undefined;
  /** Extra trust for `host[:port]`, or undefined for the defaults. */
  readonly tls: (host: string) => Promise<TlsMaterial | undefined>;
  /** True when certificates of `host[:port]` are not to be verified. */
  readonly isInsecure: (host: string) => boolean;
}

const CONNECT_TIMEOUT_MS = 15_000;
const KEEP_ALIVE_MS = 10_000;
const MAX_HEADER_BYTES = 128 * 1024;

/**
 * One pool of HTTP/1.1 connections per origin. HTTP/2 is off: its windows ruin blob transfer on long round trips.
 * Guarded pools refuse private addresses on the address that is really connected to, so that a name that changes its
 * address between look and leap gains nothing.
 */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #pools: Map<string, Promise<Dispatcher>> = new Map();
  readonly #private: Map<string, boolean> = new Map();
  readonly #contexts: Map<string, SecureContext> = new Map();
  #system: readonly string[] | undefined;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** The pool for `https://host:port`; `guarded` ones connect to public addresses only. */
  pool(origin: string, guarded: boolean): Promise<Dispatcher> {
    const key = `${guarded ? "guarded " : ""}${origin}`;
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const pool = this.#open(origin, guarded);
    this.#pools.set(key, pool);
    pool.catch(() => this.#pools.delete(key));
    return pool;
  }

  /** Whether an origin that has been connected to lives on a private address; a proxied one counts as public. */
  isPrivateOrigin(origin: string): boolean {
    return this.#private.get(origin) ?? this.#isPrivateName(new URL(origin).hostname);
  }

  /** A host that cannot be reached through a proxy: the proxy may be what is wrong, and has to be named. */
  explained(origin: string, error: OciError): OciError {
    const proxy = error.code === "UNREACHABLE" ? proxyFor(origin, this.#options.proxies) : undefined;
    if (proxy === undefined) return error;
    return error.with({ hint: `It was asked through the proxy ${proxy.host}: check HTTPS_PROXY, HTTP_PROXY and NO_PROXY.` });
  }

  async close(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.allSettled(pools.map(async (pool) => (await pool).destroy()));
  }

  async #open(origin: string, guarded: boolean): Promise<Dispatcher> {
    const url = new URL(origin);
    const secure = url.protocol === "https:" ? await this.#secure(url.host) : {};
    const proxy = proxyFor(origin, this.#options.proxies);
    const common = {
      allowH2: false,
      pipelining: 1,
      // Stalls are watched by bytes (stall.ts); a long upload is no late answer.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    };
    if (proxy === undefined) return new Pool(origin, { ...common, connect: this.#connector(origin, guarded, secure) });
    if (guarded && this.#isPrivateName(url.hostname)) throw untrustedAddress(url.hostname, url.hostname);
    const token =
      proxy.username === ""
        ? {}
        : { token: `Basic ${btoa(`${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`)}` };
    const proxyTls = proxy.protocol === "https:" ? { proxyTls: await this.#secure(proxy.host) } : {};
    return new ProxyAgent({ ...common, uri: proxy.origin, ...token, ...proxyTls, requestTls: secure, proxyTunnel: false });
  }

  #connector(origin: string, guarded: boolean, secure: object): buildConnector.connector {
    const lookup = this.#options.lookup ?? dns.lookup;
    const connect = buildConnector({
      allowH2: false,
      timeout: CONNECT_TIMEOUT_MS,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: 1000,
      ...secure,
      lookup: guarded ? this.#publicOnly(lookup) : lookup,
    });
    return (options, callback) => {
      if (guarded && this.#isPrivateName(options.hostname)) {
        callback(untrustedAddress(options.hostname, options.hostname), null);
        return;
      }
      connect(options, (error, socket) => {
        if (error !== null) {
          callback(error, null);
          return;
        }
        const address = (socket as Socket).remoteAddress ?? "";
        const isPrivate = this.#options.isPrivate(address);
        if (guarded && isPrivate) {
          socket.destroy();
          callback(untrustedAddress(options.hostname, address), null);
          return;
        }
        this.#private.set(origin, isPrivate);
        callback(null, socket);
      });
    };
  }

  #publicOnly(lookup: LookupFunction): LookupFunction {
    return (name, options, callback) => {
      lookup(name, { ...options, all: true }, (error, found) => {
        if (error !== null) {
          callback(error, found);
          return;
        }
        const all = typeof found === "string" ? [{ address: found, family: isIP(found) }] : found;
        const good = all.filter((entry) => !this.#options.isPrivate(entry.address));
        const first = good[0];
        if (first === undefined) callback(untrustedAddress(name, all[0]?.address ?? "no address"), []);
        else if (options.all === true) callback(null, good);
        else callback(null, first.address, first.family);
      });
    };
  }

  #isPrivateName(hostname: string): boolean {
    const name = hostName(hostname);
    return name === "localhost" || name.endsWith(".localhost") || (isIP(name) !== 0 && this.#options.isPrivate(name));
  }

  async #secure(host: string): Promise<{ secureContext?: SecureContext; rejectUnauthorized: boolean }> {
    const material = await this.#options.tls(host);
    const rejectUnauthorized = !this.#options.isInsecure(host);
    // Parsing the system's CAs takes tens of milliseconds, which nobody needs who does not look at them.
    if (!rejectUnauthorized && material?.cert === undefined) return { rejectUnauthorized };
    try {
      return { secureContext: this.#context(material), rejectUnauthorized };
    } catch (cause) {
      throw new OciError({
        code: "CONFIG_INVALID",
        message: `Cannot use the certificates for ${host}: they are not readable PEM`,
        subject: host,
        host,
        hint: "Check the files given with --ca and those under certs.d.",
        cause,
      });
    }
  }

  /** Hosts with the same material share a context: each holds hundreds of parsed CAs. */
  #context(material: TlsMaterial | undefined): SecureContext {
    const key = JSON.stringify(material ?? null);
    const known = this.#contexts.get(key);
    if (known !== undefined) return known;
    // `ca` replaces Node's defaults, so they are listed again beside the system's bundle.
    this.#system ??= [...new Set([...getCACertificates("default"), ...getCACertificates("system")])];
    const pair = material?.cert === undefined || material.key === undefined ? {} : { cert: material.cert, key: material.key };
    const context = createSecureContext({ ca: [...this.#system, ...(material?.ca ?? [])], ...pair });
    this.#contexts.set(key, context);
    return context;
  }
}

/** The refusal of a private address that a public registry pointed at. */
export function untrustedAddress(name: string, address: string): OciError {
  return new OciError({
    code: "UNTRUSTED_ADDRESS",
    message: `Refused to follow a public registry to ${name}: ${address} is a private, loopback, link-local or metadata address`,
    subject: name,
    hint: "If this is how your network is built, allow it with --allow-private-redirects.",
  });
}
