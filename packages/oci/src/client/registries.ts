import type { LookupFunction } from "node:net";
import { Authenticator } from "../auth/authenticator.ts";
import { anonymous, type CredentialSource } from "../auth/credential.ts";
import type { RealmMemory } from "../auth/realm.ts";
import { certificatesFor } from "../config/certs-d.ts";
import { noRegistriesConf, type RegistriesConf } from "../config/registries-conf.ts";
import { routesFor } from "../config/route.ts";
import type { Gates } from "../gate.ts";
import type { IsPrivateAddress } from "../http/address.ts";
import type { Clock } from "../http/clock.ts";
import { HttpEngine } from "../http/engine.ts";
import type { ProxySettings } from "../http/proxy.ts";
import type { NetEvent } from "../http/types.ts";
import { RegistryStore } from "../store/registry.ts";
import { HostQuirks } from "./host-quirks.ts";
import { ping } from "./ping.ts";
import type { RegistryNet, Repository } from "./repository.ts";

/** How the registries of a run are reached. */
export interface RegistriesOptions {
  readonly credentials?: CredentialSource | undefined;
  /** Reads only: a push target is never rewritten. */
  readonly registriesConf?: RegistriesConf | undefined;
  /** Roots of certs.d, most important first. */
  readonly certDirs?: readonly string[] | undefined;
  /** Further CAs, PEM. */
  readonly extraCa?: readonly string[] | undefined;
  /** Hosts for which plain HTTP and unverified certificates are allowed. */
  readonly insecureHosts?: "all" | readonly string[] | ((host: string) => boolean) | undefined;
  /** Requests in flight per host, never more. When missing 8, and up to 16 at a host that is far away and has room. */
  readonly maxPerHost?: number | undefined;
  /** Bytes per second over all connections. */
  readonly limitRate?: number | undefined;
  /** Repeats of one request, 5. */
  readonly retries?: number | undefined;
  readonly stallTimeoutMs?: number | undefined;
  readonly allowPrivateRedirects?: boolean | undefined;
  readonly proxies?: ProxySettings | undefined;
  readonly userAgent?: string | undefined;
  readonly onEvent?: ((event: NetEvent) => void) | undefined;
  readonly clock?: Clock | undefined;
  /** Whether small blobs are tried in one request instead of two: yes when missing. */
  readonly wholeUploads?: boolean | undefined;
  /** First back-off in milliseconds, 500. */
  readonly backoffMs?: number | undefined;
  /** Token services that were accepted before. */
  readonly realms?: RealmMemory | undefined;
  /** How names become addresses; the system's resolver when missing. */
  readonly lookup?: LookupFunction | undefined;
  /** Which addresses a public registry may not point at; loopback, private, link-local and metadata ones when missing. */
  readonly isPrivate?: IsPrivateAddress | undefined;
}

/** Every registry of one run: connections, tokens, gates and counts are shared. Close it at the end. */
export class Registries implements AsyncDisposable {
  readonly #net: RegistryNet;
  readonly #options: RegistriesOptions;
  readonly #insecureRoutes: Set<string> = new Set();
  readonly #readers: Map<string, RegistryStore> = new Map();
  readonly #writers: Map<string, RegistryStore> = new Map();

  constructor(options: RegistriesOptions = {}) {
    this.#options = options;
    const conf = options.registriesConf ?? noRegistriesConf;
    for (const rule of conf.rules) {
      for (const endpoint of [rule, ...rule.mirrors]) {
        if (endpoint.insecure) this.#insecureRoutes.add((endpoint.location === "" ? rule.prefix : endpoint.location).split("/")[0] ?? "");
      }
    }
    const engine = new HttpEngine({
      ...options,
      isInsecure: (host) => this.#isInsecure(host),
      tls: (host) => certificatesFor(host, { dirs: options.certDirs ?? [], extraCa: options.extraCa ?? [] }),
    });
    const auth = new Authenticator({ engine, credentials: options.credentials ?? anonymous, realms: options.realms });
    this.#net = { engine, auth, quirks: new HostQuirks(options) };
  }

  /** Images to read, through registries.conf: prefixes rewritten, mirrors first, blocked names refused. */
  reader(host: string): RegistryStore {
    const known = this.#readers.get(host);
    if (known !== undefined) return known;
    const conf = this.#options.registriesConf;
    const endpoints =
      conf === undefined || conf.rules.length === 0
        ? undefined
        : (repository: string, by: "digest" | "tag"): readonly Repository[] =>
            routesFor(conf, { host, repository, by }).map((route) => ({ net: this.#net, host: route.host, repository: route.repository }));
    const store = new RegistryStore({ net: this.#net, host, endpoints, retries: this.#options.retries });
    this.#readers.set(host, store);
    return store;
  }

  /** A place to write to, exactly where it says. */
  writer(host: string): RegistryStore {
    const known = this.#writers.get(host);
    if (known !== undefined) return known;
    const store = new RegistryStore({ net: this.#net, host, writes: true, retries: this.#options.retries });
    this.#writers.set(host, store);
    return store;
  }

  /**
   * Makes sure that a registry answers and accepts the credential there is for it.
   * @throws OciError of every network code
   */
  ping(host: string, signal?: AbortSignal): Promise<void> {
    return ping(this.#net, host, signal);
  }

  get gates(): Gates {
    return this.#net.engine.gates;
  }

  /** Requests that were sent, by host and method. */
  requests(): Record<string, Record<string, number>> {
    return this.#net.engine.counters.snapshot();
  }

  /** How many of them were repeats. */
  retries(): number {
    return this.#net.engine.counters.retries;
  }

  close(): Promise<void> {
    return this.#net.engine.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #isInsecure(host: string): boolean {
    const { insecureHosts } = this.#options;
    const listed = typeof insecureHosts === "function" ? insecureHosts(host) : insecureHosts === "all" || insecureHosts?.includes(host);
    if (listed === true) return true;
    if (this.#insecureRoutes.has(host)) return true;
    return [...this.#insecureRoutes].some((route) => route.startsWith("*.") && host.replace(/:\d+$/, "").endsWith(route.slice(1)));
  }
}
