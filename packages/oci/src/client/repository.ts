import type { Authenticator } from "../auth/authenticator.ts";
import { pullScope, pushScope } from "../auth/scope.ts";
import { OciError } from "../errors.ts";
import type { HttpEngine } from "../http/engine.ts";
import type { HttpRequest, HttpResponse } from "../http/types.ts";
import { isRepository } from "../model/reference.ts";
import type { IoOptions } from "../store/types.ts";
import type { HostQuirks } from "./host-quirks.ts";

/** The parts that every registry request of a run shares. */
export interface RegistryNet {
  readonly engine: HttpEngine;
  readonly auth: Authenticator;
  readonly quirks: HostQuirks;
}

/** One repository at one registry, as it is contacted. */
export interface Repository {
  readonly net: RegistryNet;
  readonly host: string;
  readonly repository: string;
  /** It is being written to: looks ask for the right to push, too, so that one token serves look and push. */
  readonly writes?: boolean | undefined;
}

/** What a look at a repository needs. */
export function lookScope(at: Repository): string {
  return at.writes === true ? pushScope(at.repository) : pullScope(at.repository);
}

/** A request to `/v2/<repository>/<path>`. */
export interface RepositoryRequest extends Omit<HttpRequest, "host" | "target" | "auth" | "signal" | "slot"> {
  /** Below the repository (`manifests/latest`), or an absolute URL the registry gave. */
  readonly path: string;
  readonly scopes: readonly string[];
  readonly io?: IoOptions | undefined;
}

/** Sends a request to a repository with its authentication. */
export function sendTo(at: Repository, request: RepositoryRequest): Promise<HttpResponse> {
  if (!isRepository(at.repository)) {
    throw new OciError({
      code: "REFERENCE_INVALID",
      message: `Cannot ask ${at.host}: ${JSON.stringify(at.repository.slice(0, 300))} is no repository name`,
      subject: at.repository.slice(0, 300),
    });
  }
  const { path, scopes, io, ...rest } = request;
  return at.net.engine.send({
    ...rest,
    host: at.host,
    target: /^(?:https?:\/\/|\/)/.test(path) ? path : `/v2/${at.repository}/${path}`,
    auth: at.net.auth.for({ host: at.host, repository: at.repository, scopes }),
    signal: io?.signal,
    slot: io?.slot,
  });
}

/** `quay.io/org/name`, for messages. */
export function nameOf(at: Repository): string {
  return `${at.host}/${at.repository}`;
}
