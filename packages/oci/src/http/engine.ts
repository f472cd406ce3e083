import type { LookupFunction } from "node:net";
import { isOciError, type OciError } from "../errors.ts";
import type { Slot } from "../gate.ts";
import { type IsPrivateAddress, privateAddresses } from "./address.ts";
import { answerKind } from "./answer-times.ts";
import { type Clock, systemClock } from "./clock.ts";
import { Connections, type TlsMaterial } from "./connections.ts";
import { RequestCounters } from "./counters.ts";
import { buffered, type ExchangeContext, exchange } from "./exchange.ts";
import { aborted, type Doing, MAX_ERROR_BODY, statusFailure } from "./failure.ts";
import { type AdaptiveGate, HostGates } from "./gate.ts";
import { type HostState, Hosts, originOf, settled } from "./hosts.ts";
import type { ProxySettings } from "./proxy.ts";
import { RateLimit } from "./rate-limit.ts";
import { followsRedirects, headersFor, isRedirect, redirectTarget, withoutCredentials } from "./redirect.ts";
import { backoffMs, isAbsent, isBearablePause, isGarbled, isTransient, type RetryPause, retryAfterMs } from "./retry.ts";
import { SignalHub } from "./signals.ts";
import { StallWatch } from "./stall.ts";
import type { HttpRequest, HttpResponse, NetEvent } from "./types.ts";

export interface EngineOptions {
  readonly isInsecure?: ((host: string) => boolean) | undefined;
  readonly tls?: ((host: string) => Promise<TlsMaterial | undefined>) | undefined;
  readonly proxies?: ProxySettings | undefined;
  /** Places per host, never more. When missing 8, which become up to 16 at hosts that are far away and not at their limit. */
  readonly maxPerHost?: number | undefined;
  /** Bytes per second over all connections. */
  readonly limitRate?: number | undefined;
  /** Repeats after the first try, 5. */
  readonly retries?: number | undefined;
  /** First back-off; doubles with each try. 500 ms. */
  readonly backoffMs?: number | undefined;
  readonly stallTimeoutMs?: number | undefined;
  readonly allowPrivateRedirects?: boolean | undefined;
  readonly userAgent?: string | undefined;
  readonly onEvent?: ((event: NetEvent) => void) | undefined;
  readonly clock?: Clock | undefined;
  /** How host names become addresses; the system's resolver when missing. */
  readonly lookup?: LookupFunction | undefined;
  /** Which addresses count as private. */
  readonly isPrivate?: IsPrivateAddress | undefined;
}

/** An answer, and what the retry policy has to know about it. */
interface Attempt {
  readonly response: HttpResponse;
  readonly redirected: boolean;
}

/** Every HTTP request of a run passes through here: pools, gates, retries, redirects, stalls, rate, counts. */
export class HttpEngine {
  readonly gates: HostGates;
  readonly counters: RequestCounters = new RequestCounters();
  readonly clock: Clock;
  readonly #options: EngineOptions;
  readonly #connections: Connections;
  readonly #hosts: Hosts;
  readonly #context: ExchangeContext;
  readonly #retries: number;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(options: EngineOptions = {}) {
    this.#options = options;
    this.clock = options.clock ?? systemClock;
    this.gates = new HostGates(options.maxPerHost === undefined ? { start: 8, most: 16 } : { start: options.maxPerHost }, this.clock);
    const isInsecure = options.isInsecure ?? (() => false);
    this.#hosts = new Hosts(isInsecure);
    this.#connections = new Connections({
      proxies: options.proxies ?? {},
      isPrivate: options.isPrivate ?? privateAddresses(),
      lookup: options.lookup,
      tls: options.tls ?? (() => Promise.resolve(undefined)),
      isInsecure,
    });
    const stallMs = options.stallTimeoutMs ?? 60_000;
    this.#context = {
      signals: new SignalHub(),
      stalls: new StallWatch(stallMs),
      stallMs,
      rate: options.limitRate === undefined ? undefined : new RateLimit(options.limitRate, this.clock),
    };
    this.#retries = options.retries ?? 5;
    this.#headers = { "accept-encoding": "identity", "user-agent": options.userAgent ?? "skerry" };
  }

  /**
   * Sends a request and returns its answer once the status is one that was expected.
   * @throws OciError of every network code; `tries` says how often it was tried
   */
  async send(request: HttpRequest): Promise<HttpResponse> {
    const own = await this.#place(request);
    try {
      const response = await this.#persist(request);
      if (own !== undefined) response.whenDone(() => own.release());
      return response;
    } catch (error) {
      own?.release();
      throw error;
    }
  }

  /** `https://host` or, for a host found to be plain, `http://host`. */
  origin(host: string): string {
    return originOf(this.#hosts.of(host));
  }

  async close(): Promise<void> {
    this.#context.stalls.close();
    await this.#connections.close();
  }

  async #place(request: HttpRequest): Promise<Slot | undefined> {
    if (request.ungated === true || request.slot !== undefined) return undefined;
    try {
      return await this.gates.of(request.host).acquire(request.signal);
    } catch (reason) {
      throw aborted(doingOf(request), reason);
    }
  }

  async #persist(request: HttpRequest): Promise<HttpResponse> {
    const gate = this.gates.of(request.slot?.host ?? request.host);
    const most = request.retry === false || request.body?.kind === "stream" ? 1 : this.#retries + 1;
    for (let attempt = 1; ; attempt++) {
      const { generation } = gate;
      let pauseMs: number | undefined;
      try {
        await gate.ready(request.signal);
        const { response, redirected } = await this.#once(request);
        if (request.expect?.(response.status) ?? (response.status >= 200 && response.status < 300)) {
          this.#goodAnswer(request.host, gate);
          return request.buffer === undefined ? response : buffered(response, await response.bytes(request.buffer));
        }
        pauseMs = retryAfterMs(response.header("retry-after"), this.clock);
        throw await this.#unexpected(request, { response, redirected });
      } catch (fault) {
        const error = isOciError(fault) ? fault : aborted(doingOf(request), fault);
        const overloaded = error.status === 429 || error.status === 503;
        if (overloaded) this.#slowDown(request, { gate: gate.host, generation, pauseMs });
        const passing = (isAbsent(error) || isGarbled(error)) && this.#hosts.of(request.host).answered;
        const bearable = pauseMs === undefined || isBearablePause(pauseMs);
        // An error that counts tries went through this loop already: the token service of this registry.
        const final = attempt >= most || error.tries !== undefined || !bearable;
        if (final || !(isTransient(error) || passing)) throw error.with({ tries: error.tries ?? attempt });
        await this.pauseForRetry({ host: request.host, method: request.method, attempt, pauseMs, error, signal: request.signal });
      }
    }
  }

  #goodAnswer(host: string, gate: AdaptiveGate): void {
    const { generation } = gate;
    gate.report({ overloaded: false, generation });
    // Good, and so late that the gate narrowed.
    if (gate.generation !== generation) this.#options.onEvent?.({ event: "throttle", host, limit: gate.limit, pauseMs: undefined });
  }

  #slowDown(request: HttpRequest, pace: { gate: string; generation: number; pauseMs: number | undefined }): void {
    const pauseMs = pace.pauseMs !== undefined && isBearablePause(pace.pauseMs) ? pace.pauseMs : undefined;
    for (const host of new Set([pace.gate, request.host])) {
      const gate = this.gates.of(host);
      gate.report({ overloaded: true, pauseMs, generation: host === pace.gate ? pace.generation : gate.generation });
    }
    this.#options.onEvent?.({ event: "throttle", host: request.host, limit: this.gates.of(pace.gate).limit, pauseMs });
  }

  /** Waits before another try and makes it known; the only place where a retry is counted. */
  async pauseForRetry(why: RetryPause): Promise<void> {
    const delayMs = Math.max(why.pauseMs ?? 0, backoffMs(why.attempt, this.clock, this.#options.backoffMs ?? 500));
    this.counters.retried();
    const { host, method, attempt } = why;
    this.#options.onEvent?.({ event: "retry", host, method, attempt, delayMs: Math.round(delayMs), message: why.error.message });
    try {
      await this.clock.sleep(delayMs, why.signal);
    } catch (reason) {
      throw aborted({ action: "wait for another try", host }, reason);
    }
  }

  async #unexpected(request: HttpRequest, attempt: Attempt): Promise<OciError> {
    const { response } = attempt;
    let body: Uint8Array = new Uint8Array();
    try {
      body = request.method === "HEAD" ? body : await response.bytes(MAX_ERROR_BODY);
    } catch {
      // The status says enough.
    }
    await response.dump();
    const error = statusFailure({ status: response.status, body, url: response.url }, doingOf(request));
    // A signed address that ran out: the registry hands out a new one.
    if (attempt.redirected && response.status === 403) return error.with({ code: "SERVER_ERROR" });
    return error;
  }

  /** One try: scheme found, challenge answered, redirects followed. */
  async #once(request: HttpRequest): Promise<Attempt> {
    const state = this.#hosts.of(request.host);
    // A token request happens inside the request that everybody waits for.
    if (request.ungated === true) return this.#authorized(request, state);
    return settled(state, async () => {
      try {
        return await this.#authorized(request, state);
      } catch (error) {
        if (!this.#mayBePlain(state, error)) throw error;
        state.scheme = "http";
        try {
          return await this.#authorized(request, state);
        } finally {
          if (!state.answered) state.scheme = "https";
        }
      }
    });
  }

  /** An insecure host that has never answered may speak plain HTTP. */
  #mayBePlain(state: HostState, error: unknown): boolean {
    if (!state.insecure || state.answered || state.scheme === "http" || !isOciError(error)) return false;
    return (
      error.code === "HTTPS_EXPECTED" || error.code === "UNREACHABLE" || error.code === "TLS_FAILED" || error.code === "PROTOCOL_ERROR"
    );
  }

  async #authorized(request: HttpRequest, state: HostState): Promise<Attempt> {
    let authorization = await request.auth?.authorization(request.signal);
    // Two rounds: one may teach the scheme, the other a scope that only the resource asks for.
    for (let round = 0; ; round++) {
      const attempt = await this.#follow(request, { state, authorization });
      const challenge = attempt.response.header("www-authenticate");
      if (attempt.response.status !== 401 || attempt.redirected || challenge === undefined || round === 2) return attempt;
      const { url } = attempt.response;
      const learned = await request.auth?.challenged({ headers: [challenge], url, refused: authorization, signal: request.signal });
      // A streamed body is gone: the caller has to come back with it.
      if (learned !== true || request.body?.kind === "stream") return attempt;
      await attempt.response.dump();
      authorization = await request.auth?.authorization(request.signal);
    }
  }

  async #follow(request: HttpRequest, how: { state: HostState; authorization: string | undefined }): Promise<Attempt> {
    const home = new URL(originOf(how.state));
    let url = new URL(request.target, home);
    const { origin } = url;
    let strayed = false;
    for (let hops = 0; ; hops++) {
      const atHome = url.origin === home.origin;
      // Once a request has left the origin it was made for, no credential comes along, not even on the way back.
      strayed ||= url.origin !== origin;
      const headers = strayed ? withoutCredentials(request) : headersFor(request, atHome ? how.authorization : undefined);
      const response = await this.#wire(request, { url, home: atHome ? how.state : undefined, headers });
      const location = response.header("location");
      if (!followsRedirects(request.method) || !isRedirect(response.status, location)) return { response, redirected: strayed };
      await response.dump();
      url = redirectTarget(url, location, { ...doingOf(request), hops });
    }
  }

  /** One exchange; `home` is the registry when it is asked itself and not something that it points at. */
  async #wire(
    request: HttpRequest,
    hop: { url: URL; home: HostState | undefined; headers: Readonly<Record<string, string>> },
  ): Promise<HttpResponse> {
    const { url, home } = hop;
    const dispatcher = await this.#connections.pool(url.origin, home === undefined && this.#isGuarded(request.host));
    const host = home?.host ?? url.host;
    const sentAt = this.clock.now();
    try {
      const response = await exchange(this.#context, {
        dispatcher,
        url,
        method: request.method,
        headers: { ...this.#headers, ...hop.headers },
        body: request.body,
        doing: doingOf(request),
        signal: request.signal,
      });
      this.counters.count(host, request.method);
      if (home !== undefined) {
        home.answered = true;
        const kind = answerKind(request);
        if (kind !== undefined) this.gates.of(request.slot?.host ?? request.host).times.note(kind, this.clock.now() - sentAt);
      }
      return response;
    } catch (error) {
      // Requests that reached the other side count; connections that never came about do not.
      if (isOciError(error) && (error.code === "STALLED" || isTransient(error))) this.counters.count(host, request.method);
      throw isOciError(error) ? this.#connections.explained(url.origin, error) : error;
    }
  }

  /** Whether what a registry points at has to be public: where the registry itself is. */
  #isGuarded(host: string): boolean {
    return this.#options.allowPrivateRedirects !== true && !this.#connections.isPrivateOrigin(originOf(this.#hosts.of(host)));
  }
}

function doingOf(request: HttpRequest): Doing {
  return { action: request.action, host: request.host, subject: request.subject };
}
