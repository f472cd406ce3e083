import type { Slot } from "../gate.ts";

export type HttpMethod = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Bytes can be sent again; a stream is sent once. */
export type RequestBody =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "stream"; readonly size: number; readonly chunks: AsyncIterable<Uint8Array> };

/** How a request proves who it comes from. */
export interface RequestAuth {
  /** Value of the Authorization header as far as it is known without a challenge. */
  authorization(signal: AbortSignal | undefined): Promise<string | undefined>;
  /** Learns from a 401; true when another try with {@link authorization} makes sense. */
  challenged(challenge: AuthChallenge): Promise<boolean>;
}

/** A 401 as it came. */
export interface AuthChallenge {
  /** Values of the WWW-Authenticate headers. */
  readonly headers: readonly string[];
  /** URL that answered; realms may be relative to it. */
  readonly url: string;
  /** Authorization value that was refused, if one was sent. */
  readonly refused: string | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface HttpRequest {
  /** `host[:port]` as users write it; `docker.io` is contacted as registry-1.docker.io. */
  readonly host: string;
  readonly method: HttpMethod;
  /** Path with query, or an absolute URL on whatever host (upload locations, next pages, foreign layers). */
  readonly target: string;
  /** What is being done, for messages: `read manifest quay.io/x/y:z`. */
  readonly action: string;
  readonly subject?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: RequestBody | undefined;
  readonly auth?: RequestAuth | undefined;
  /** Statuses that are answers; every other one is thrown. 2xx when missing. */
  readonly expect?: ((status: number) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** A place at a gate that the caller holds; the request then takes none. */
  readonly slot?: Slot | undefined;
  /** Token requests happen inside other requests and must not wait for a place behind them. */
  readonly ungated?: boolean | undefined;
  /** Reads a body of at most so many bytes as part of each try, so that one that breaks off is asked for again. */
  readonly buffer?: number | undefined;
  /** False turns off retries: the caller continues in its own way. */
  readonly retry?: boolean | undefined;
}

/** An answer whose status was expected. Its body must be read or dumped: its connection and place depend on it. */
export interface HttpResponse {
  readonly status: number;
  /** Where the answer came from after redirects. */
  readonly url: string;
  /** A header by its lower-case name; several values are joined by `, `. */
  header(name: string): string | undefined;
  /** The body in chunks, as the socket gave them. Ends early only by throwing. */
  stream(): AsyncGenerator<Uint8Array>;
  /** The whole body; throws OciError `TOO_LARGE` beyond `max` bytes. */
  bytes(max: number): Promise<Uint8Array>;
  /** Reads off a small rest or closes the connection. */
  dump(): Promise<void>;
  /** Calls back once when the body has been read, dumped or broken off. */
  whenDone(listener: () => void): void;
}

/** What happens in the engine, for displays and logs. */
export type NetEvent =
  | {
      readonly event: "retry";
      readonly host: string;
      readonly method: HttpMethod;
      readonly attempt: number;
      readonly delayMs: number;
      readonly message: string;
    }
  | { readonly event: "throttle"; readonly host: string; readonly limit: number; readonly pauseMs: number | undefined };
