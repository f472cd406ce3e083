import type { HttpMethod } from "./types.ts";

/** Requests that were really sent, by host and method, and how many of them were repeats. */
export class RequestCounters {
  readonly #hosts: Map<string, Map<string, number>> = new Map();
  #retries = 0;

  count(host: string, method: HttpMethod): void {
    const methods = this.#hosts.get(host) ?? new Map<string, number>();
    this.#hosts.set(host, methods);
    methods.set(method, (methods.get(method) ?? 0) + 1);
  }

  retried(): void {
    this.#retries += 1;
  }

  get retries(): number {
    return this.#retries;
  }

  /** Sorted by host and method. */
  snapshot(): Record<string, Record<string, number>> {
    const all: Record<string, Record<string, number>> = Object.create(null) as Record<string, Record<string, number>>;
    for (const [host, methods] of [...this.#hosts].sort(([a], [b]) => (a < b ? -1 : 1))) {
      all[host] = Object.fromEntries([...methods].sort(([a], [b]) => (a < b ? -1 : 1)));
    }
    return all;
  }
}
