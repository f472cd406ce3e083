import { createHash } from "node:crypto";
import { OciError } from "../errors.ts";
import type { HttpEngine } from "../http/engine.ts";
import type { AuthChallenge, RequestAuth } from "../http/types.ts";
import { type Challenge, chooseChallenge, parseChallenges } from "./challenge.ts";
import { basicAuthorization, type Credential, type CredentialSource } from "./credential.ts";
import { type RealmMemory, trustedRealm } from "./realm.ts";
import { covers } from "./scope.ts";
import { fetchToken, type Token } from "./token.ts";

/** How a registry wants to be asked, learnt from its first 401. */
interface Scheme {
  readonly challenge: Challenge;
  readonly challengedAt: string;
}

/** A credential and what tells it apart, without its secret. */
interface Found {
  readonly credential: Credential | undefined;
  readonly id: string;
}

interface CachedToken {
  readonly scopes: readonly string[];
  readonly token: Promise<Token>;
}

export interface AuthenticatorOptions {
  readonly engine: HttpEngine;
  readonly credentials: CredentialSource;
  readonly realms?: RealmMemory | undefined;
}

/** What a request is for. */
export interface AccessNeeded {
  readonly host: string;
  /** Chooses among path-scoped credentials. */
  readonly repository: string | undefined;
  /** Scopes in order of importance: the target of a push first. */
  readonly scopes: readonly string[];
}

/**
 * Answers challenges for every registry of a run. Tokens are cached by registry, service, realm, repository, scopes and credential,
 * fetched once however many requests wait for them, and renewed before they expire.
 */
export class Authenticator {
  readonly #engine: HttpEngine;
  readonly #credentials: CredentialSource;
  readonly #realms: RealmMemory | undefined;
  readonly #schemes: Map<string, Scheme> = new Map();
  readonly #tokens: Map<string, CachedToken[]> = new Map();
  readonly #found: Map<string, Promise<Found>> = new Map();

  constructor(options: AuthenticatorOptions) {
    this.#engine = options.engine;
    this.#credentials = options.credentials;
    this.#realms = options.realms;
  }

  /** The proof for one request; keep it for the request only. */
  for(access: AccessNeeded): RequestAuth {
    // A challenge at the resource may name another scope than ours; it then holds for this request only.
    let scopes = access.scopes;
    let scheme: Scheme | undefined;
    let rounds = 0;
    return {
      authorization: async (signal) => {
        const used = scheme ?? this.#schemes.get(access.host);
        return used === undefined ? undefined : this.#authorization({ ...access, scopes }, used, signal);
      },
      challenged: async (challenge) => {
        const chosen = chooseChallenge(parseChallenges(challenge.headers));
        if (chosen === undefined) return false;
        const learned: Scheme = { challenge: chosen, challengedAt: challenge.url };
        const before = scheme ?? this.#schemes.get(access.host);
        this.#schemes.set(access.host, learned);
        scheme = learned;
        const wider = merged(chosen.params.get("scope") ?? "", scopes);
        const isWider = wider.length > scopes.length;
        scopes = wider;
        rounds += 1;
        if (chosen.scheme === "basic" && challenge.refused?.startsWith("Basic ") === true) return false;
        // A token fetched for this very request was refused, and nothing else is asked for: the answer is no.
        if (rounds > 1 && !isWider) return false;
        if (challenge.refused !== undefined && before !== undefined) await this.#forget(access.host, challenge);
        return (await this.#authorization({ ...access, scopes }, learned, challenge.signal)) !== challenge.refused;
      },
    };
  }

  async #authorization(access: AccessNeeded, scheme: Scheme, signal: AbortSignal | undefined): Promise<string | undefined> {
    const found = await this.#find(access, signal);
    const { credential } = found;
    if (credential?.kind === "token") return `Bearer ${credential.token}`;
    if (scheme.challenge.scheme === "basic") {
      if (credential === undefined) return undefined;
      return credential.kind === "basic"
        ? basicAuthorization(credential.username, credential.password)
        : basicAuthorization(credential.username || "<token>", credential.token);
    }
    return `Bearer ${(await this.#token(access, { scheme, found, signal })).value}`;
  }

  async #token(access: AccessNeeded, how: { scheme: Scheme; found: Found; signal: AbortSignal | undefined }): Promise<Token> {
    const { scheme } = how;
    const { credential, id } = how.found;
    const realm = trustedRealm({
      host: access.host,
      realm: scheme.challenge.params.get("realm") ?? "",
      challengedAt: scheme.challengedAt,
      withCredential: credential !== undefined,
      memory: this.#realms,
    });
    const service = scheme.challenge.params.get("service");
    // By repository, since a run may hold tokens for thousands of them.
    const key = JSON.stringify([access.host, service, realm.href, id, access.repository]);
    const cached = await this.#cached(key, access.scopes, how.signal);
    if (cached !== undefined) return cached;
    // Shared by everybody who waits, so one caller's abort must not end it.
    const token = fetchToken(this.#engine, { host: access.host, realm, service, scopes: access.scopes, credential, signal: undefined });
    const entry: CachedToken = { scopes: access.scopes, token };
    this.#entries(key).push(entry);
    token.catch(() => this.#drop(key, entry));
    return abortable(token, how.signal);
  }

  async #cached(key: string, scopes: readonly string[], signal: AbortSignal | undefined): Promise<Token | undefined> {
    for (const entry of [...this.#entries(key)]) {
      if (!covers(entry.scopes, scopes)) continue;
      const token = await abortable(entry.token, signal);
      if (token.expiresAt > this.#engine.clock.now()) return token;
      this.#drop(key, entry);
    }
    return undefined;
  }

  /** A token that was refused is not offered again. */
  async #forget(host: string, challenge: AuthChallenge): Promise<void> {
    for (const [key, entries] of this.#tokens) {
      if ((JSON.parse(key) as unknown[])[0] !== host) continue;
      for (const entry of [...entries]) {
        const value = await entry.token.then(
          (token) => token.value,
          () => undefined,
        );
        if (`Bearer ${value}` === challenge.refused) this.#drop(key, entry);
      }
    }
  }

  #entries(key: string): CachedToken[] {
    const known = this.#tokens.get(key);
    if (known !== undefined) return known;
    const entries: CachedToken[] = [];
    this.#tokens.set(key, entries);
    return entries;
  }

  #drop(key: string, entry: CachedToken): void {
    const entries = this.#entries(key);
    const at = entries.indexOf(entry);
    if (at >= 0) entries.splice(at, 1);
  }

  #find(access: AccessNeeded, signal: AbortSignal | undefined): Promise<Found> {
    const key = `${access.host}/${access.repository ?? ""}`;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const found = this.#credentials
      .find(access.host, access.repository, signal)
      .then((credential): Found => ({ credential, id: credentialId(credential) }));
    this.#found.set(key, found);
    found.catch(() => this.#found.delete(key));
    return found;
  }
}

/** What the challenge asks for beyond ours comes first: several token services honour only the first scope. */
function merged(wanted: string, ours: readonly string[]): readonly string[] {
  const asked = wanted.split(" ").filter((scope) => scope !== "" && !covers(ours, [scope]));
  return [...asked, ...ours].slice(0, 20);
}

function credentialId(credential: Credential | undefined): string {
  return credential === undefined ? "" : createHash("sha256").update(JSON.stringify(credential)).digest("base64");
}

/** Waits for what others wait for, too: an abort ends the wait, not the work. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(new OciError({ code: "ABORTED", message: "Stopped while waiting for a token", cause: signal.reason }));
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([promise, stopped]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
