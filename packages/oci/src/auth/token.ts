import { isOciError, OciError } from "../errors.ts";
import type { HttpEngine } from "../http/engine.ts";
import type { HttpRequest } from "../http/types.ts";
import { basicAuthorization, type Credential } from "./credential.ts";

/** A bearer token and how long it may be used. */
export interface Token {
  readonly value: string;
  /** Milliseconds since 1970 at which it is no longer used; counted from receipt, since `issued_at` may be skewed. */
  readonly expiresAt: number;
}

export interface TokenRequest {
  readonly host: string;
  readonly realm: URL;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
  readonly credential: Credential | undefined;
  readonly signal: AbortSignal | undefined;
}

const MAX_TOKEN_BODY = 256 * 1024;
const CLIENT_ID = "skerry";

/**
 * Fetches a token. distribution "Token Authentication Specification"; identity tokens by OAuth 2 POST, falling back to
 * GET where the service has no POST.
 * @throws OciError `UNAUTHORIZED` or `DENIED` when refused, `PROTOCOL_ERROR` for an answer without token
 */
export async function fetchToken(engine: HttpEngine, request: TokenRequest): Promise<Token> {
  const { credential } = request;
  if (credential?.kind === "identity") {
    try {
      return await send(engine, request, postForm(request, credential.token));
    } catch (error) {
      if (!isOciError(error) || (error.status !== 404 && error.status !== 405)) throw error;
      return send(
        engine,
        request,
        getQuery(request, { kind: "basic", username: credential.username || "<token>", password: credential.token }),
      );
    }
  }
  return send(engine, request, getQuery(request, credential));
}

type Part = Pick<HttpRequest, "method" | "target" | "headers" | "body">;

function getQuery(request: TokenRequest, credential: Credential | undefined): Part {
  const url = new URL(request.realm);
  if (request.service !== undefined) url.searchParams.set("service", request.service);
  // One parameter per scope, in the order given: several services honour only the first.
  for (const scope of request.scopes) url.searchParams.append("scope", scope);
  if (credential?.kind !== "basic") return { method: "GET", target: url.href };
  url.searchParams.set("account", credential.username);
  url.searchParams.set("client_id", CLIENT_ID);
  return { method: "GET", target: url.href, headers: { authorization: basicAuthorization(credential.username, credential.password) } };
}

function postForm(request: TokenRequest, refreshToken: string): Part {
  const form = new URLSearchParams({ grant_type: "refresh_token", client_id: CLIENT_ID, refresh_token: refreshToken });
  if (request.service !== undefined) form.set("service", request.service);
  if (request.scopes.length > 0) form.set("scope", request.scopes.join(" "));
  return {
    method: "POST",
    target: request.realm.href,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: { kind: "bytes", bytes: Buffer.from(form.toString()) },
  };
}

async function send(engine: HttpEngine, request: TokenRequest, part: Part): Promise<Token> {
  const response = await engine.send({
    ...part,
    host: request.host,
    action: `get a token for ${request.host}`,
    subject: request.host,
    signal: request.signal,
    ungated: true,
    buffer: MAX_TOKEN_BODY,
  });
  const body = await response.bytes(MAX_TOKEN_BODY);
  const receivedAt = engine.clock.now();
  const { value, lifeSeconds } = read(body, request.host);
  // A tenth early, at most half a minute: Docker Hub's tokens live five minutes, some live only one.
  return { value, expiresAt: receivedAt + lifeSeconds * 1000 - Math.min(30_000, lifeSeconds * 100) };
}

function read(body: Uint8Array, host: string): { value: string; lifeSeconds: number } {
  let answer: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(body));
    if (typeof parsed === "object" && parsed !== null) answer = parsed as Record<string, unknown>;
  } catch {
    // Falls through to the error below.
  }
  const value = [answer["token"], answer["access_token"]].find((one) => typeof one === "string" && one !== "");
  if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value)) {
    throw new OciError({
      code: "PROTOCOL_ERROR",
      message: `Cannot get a token for ${host}: the answer of its token service holds none`,
      subject: host,
      host,
    });
  }
  const life = Number(answer["expires_in"]);
  return { value, lifeSeconds: Number.isFinite(life) && life >= 60 ? life : 60 };
}
