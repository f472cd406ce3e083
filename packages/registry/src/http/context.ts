import type { Content } from "../store/content.ts";
import type { ReadBuffers } from "../store/read-buffers.ts";
import type { RegistryStore } from "../store/store.ts";
import type { Uploads } from "../store/uploads.ts";
import { ApiError } from "./api-error.ts";
import type { Exchange } from "./exchange.ts";
import type { Metrics } from "./metrics.ts";

export type Action = "read" | "write";

/** Says who may do what. */
export interface Access {
  /** Finds out who asks. @throws ApiError `UNAUTHORIZED` */
  authenticate(exchange: Exchange): Promise<void>;
  /** @throws ApiError `UNAUTHORIZED` for somebody without a name */
  requireUser(exchange: Exchange): void;
  /** @throws ApiError `UNAUTHORIZED` for somebody without a name, where only named users may read anything */
  requireReader(exchange: Exchange): void;
  /**
   * Returns for a named user who may not read: the answer is then that of a repository that is not there.
   * @throws ApiError `UNAUTHORIZED`, `DENIED`
   */
  require(exchange: Exchange, repository: string, action: Action): void;
  may(exchange: Exchange, repository: string, action: Action): boolean;
  /** True when the caller may read everything, so that telling what exists tells nothing new. */
  mayReadAll(exchange: Exchange): boolean;
}

/** The part of the registry that can be written to. */
export interface Writable {
  readonly store: RegistryStore;
  readonly uploads: Uploads;
  /** @throws ApiError when the repository may not take that many more bytes */
  readonly checkSpace: (repository: string, bytes: number) => Promise<void>;
  readonly freeBytes: () => Promise<number>;
}

/** What handlers work with. */
export interface RegistryContext {
  readonly content: Content;
  /** Missing when the registry is read-only. */
  readonly writable: Writable | undefined;
  readonly access: Access;
  /** Repository that stands for one of another registry, by the `ns` parameter; undefined when it is none of the upstreams. */
  repositoryFor(namespace: string, path: string): string | undefined;
  /** Names besides the loopback's by which the registry is asked for. */
  readonly names: ReadonlySet<string>;
  /** Memory for what is sent. */
  readonly readBuffers: ReadBuffers;
  readonly metrics: Metrics;
  /** False while it stops. */
  readonly isReady: () => boolean;
  readonly limits: Limits;
}

export interface Limits {
  /** Bytes of one manifest. */
  readonly manifestBytes: number;
  /** Open sessions of one user. */
  readonly uploadsPerUser: number;
}

/** @throws ApiError `UNSUPPORTED` on a read-only registry */
export function writableOf(context: RegistryContext): Writable {
  if (context.writable === undefined) throw new ApiError("UNSUPPORTED", { detail: "This registry is read-only." });
  return context.writable;
}
