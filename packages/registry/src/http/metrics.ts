import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Exchange } from "./exchange.ts";

/** What Prometheus reads at `/metrics`. One set per registry, none of it global. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Counter;
  readonly #seconds: Histogram;
  readonly #received: Counter;
  readonly #sent: Counter;
  readonly #active: Gauge;
  #running = 0;

  constructor(gauges: {
    readonly uploads: () => number;
    readonly freeBytes: () => Promise<number>;
    readonly certificateEndsAt: () => number | undefined;
  }) {
    const registers = [this.#registry];
    this.#requests = new Counter({
      name: "skerry_registry_requests_total",
      help: "Requests by kind, method and status.",
      labelNames: ["kind", "method", "status"],
      registers,
    });
    this.#seconds = new Histogram({
      name: "skerry_registry_request_seconds",
      help: "Time from head to end of the answer.",
      labelNames: ["kind"],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600],
      registers,
    });
    this.#received = new Counter({
      name: "skerry_registry_received_bytes_total",
      help: "Bytes of request bodies as announced or received.",
      registers,
    });
    this.#sent = new Counter({ name: "skerry_registry_sent_bytes_total", help: "Bytes of answers as announced.", registers });
    this.#active = new Gauge({ name: "skerry_registry_active_requests", help: "Requests being answered.", registers });
    gauge("skerry_registry_uploads", "Upload sessions that are open.", { registers, read: gauges.uploads });
    gauge("skerry_registry_free_bytes", "Bytes that the store's disk can still take.", { registers, read: gauges.freeBytes });
    gauge("skerry_registry_certificate_end_seconds", "End of the server certificate, in seconds since 1970.", {
      registers,
      read: () => (gauges.certificateEndsAt() ?? 0) / 1000,
    });
  }

  began(): void {
    this.#running += 1;
    this.#active.set(this.#running);
  }

  ended(exchange: Exchange, kind: string, seconds: number): void {
    this.#running -= 1;
    this.#active.set(this.#running);
    this.#requests.inc({ kind, method: exchange.method, status: exchange.response.statusCode });
    this.#seconds.observe({ kind }, seconds);
    this.#received.inc(exchange.contentLength ?? 0);
    if (exchange.method !== "HEAD") this.#sent.inc(exchange.sentLength);
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}

function gauge(name: string, help: string, { registers, read }: { registers: Registry[]; read: () => number | Promise<number> }): void {
  new Gauge({
    name,
    help,
    registers,
    async collect() {
      this.set(await read());
    },
  });
}
