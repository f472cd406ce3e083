import type { IncomingMessage, ServerResponse } from "node:http";
import { performance } from "node:perf_hooks";
import { errorCode } from "../store/files.ts";
import { ApiError } from "./api-error.ts";
import type { RegistryContext } from "./context.ts";
import { dispatch } from "./dispatch.ts";
import { Exchange } from "./exchange.ts";
import { type AccessEntry, type AuditEntry, accessEntry, auditEntry } from "./logs.ts";
import { routeOf } from "./routes.ts";

export interface HandlerSinks {
  readonly now: () => number;
  readonly onAccess?: ((entry: AccessEntry) => void) | undefined;
  readonly onAudit?: ((entry: AuditEntry) => void) | undefined;
  /** An answer 500: the cause, for the operator's log. */
  readonly onFault?: ((error: unknown, path: string) => void) | undefined;
}

/** Answers requests and counts, logs and audits them. */
export class RequestHandler {
  readonly #context: RegistryContext;
  readonly #sinks: HandlerSinks;
  readonly #running = new Set<Promise<void>>();

  constructor(context: RegistryContext, sinks: HandlerSinks) {
    this.#context = context;
    this.#sinks = sinks;
  }

  /** Never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    const work = this.#handle(request, response);
    this.#running.add(work);
    void work.finally(() => this.#running.delete(work));
  }

  /** Resolves when no handler is at work. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled([...this.#running]);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const began = performance.now();
    this.#context.metrics.began();
    const exchange = new Exchange(request, response);
    try {
      await dispatch(this.#context, exchange);
    } catch (error) {
      if (response.headersSent || exchange.brokenOff) response.destroy();
      else exchange.refuse(this.#asApiError(error, exchange));
    }
    this.#note(exchange, performance.now() - began);
  }

  #note(exchange: Exchange, milliseconds: number): void {
    const { now, onAccess, onAudit } = this.#sinks;
    this.#context.metrics.ended(exchange, routeOf(exchange.path).kind, milliseconds / 1000);
    if (onAccess !== undefined) onAccess(accessEntry(exchange, new Date(now()), milliseconds));
    const audit = onAudit === undefined ? undefined : auditEntry(exchange, new Date(now()));
    if (audit !== undefined) onAudit?.(audit);
  }

  #asApiError(error: unknown, exchange: Exchange): ApiError {
    if (error instanceof ApiError) return error;
    if (["ENOSPC", "EDQUOT"].includes(errorCode(error) ?? "")) {
      return new ApiError("INSUFFICIENT_STORAGE", { detail: "The registry's disk is full." });
    }
    this.#sinks.onFault?.(error, exchange.path);
    return new ApiError("UNKNOWN", { detail: `The store failed (${errorCode(error) ?? "unexpected"}).` });
  }
}
