import { ApiError } from "../http/api-error.ts";
import type { Access, Action } from "../http/context.ts";
import type { Exchange } from "../http/exchange.ts";
import { globMatcher } from "./globs.ts";
import { PasswordCheck } from "./password.ts";
import { SlowDown } from "./slow-down.ts";
import { readAccess, readPasswords, type UserFiles } from "./user-files.ts";

interface Rights {
  readonly read: (repository: string) => boolean;
  readonly write: (repository: string) => boolean;
  /** True when `read` says yes to every name. */
  readonly readsAll: boolean;
}

interface Loaded {
  readonly passwords: ReadonlyMap<string, string>;
  /** By user; the empty name is anybody. */
  readonly rights: ReadonlyMap<string, Rights>;
  readonly everything: boolean;
}

const NOTHING: Rights = { read: () => false, write: () => false, readsAll: false };
const ALL: Rights = { read: () => true, write: () => true, readsAll: true };
const MAX_HEADER = 1024;

export interface BasicAccessOptions {
  readonly files: UserFiles;
  /** Somebody without a name may read: everything, or what access.yaml says under `anonymous`. */
  readonly anonymousPull: boolean;
  readonly now: () => number;
}

/** Users of htpasswd and access.yaml, by Basic authentication. Files are read once, and again by {@link reload}. */
export class BasicAccess implements Access {
  readonly #options: BasicAccessOptions;
  readonly #check: PasswordCheck;
  readonly #slow: SlowDown;
  #loaded: Loaded;

  private constructor(options: BasicAccessOptions, loaded: Loaded) {
    this.#options = options;
    this.#loaded = loaded;
    this.#check = new PasswordCheck(options.now);
    this.#slow = new SlowDown(options.now);
  }

  /** @throws RegistryError `CONFIG_INVALID` */
  static async load(options: BasicAccessOptions): Promise<BasicAccess> {
    return new BasicAccess(options, await loaded(options));
  }

  /** Takes over what the files say now. When they are wrong, what was loaded stays. @throws RegistryError `CONFIG_INVALID` */
  async reload(): Promise<void> {
    this.#loaded = await loaded(this.#options);
  }

  /** False while htpasswd names nobody. */
  get hasUsers(): boolean {
    return this.#loaded.passwords.size > 0;
  }

  async authenticate(exchange: Exchange): Promise<void> {
    const header = exchange.header("authorization");
    const credentials = header === undefined ? undefined : credentialsOf(header);
    // Clients that were told of Basic and have no password send an empty name: containers/image does.
    if (header === undefined || credentials?.user === "") return;
    const address = exchange.request.socket.remoteAddress ?? "";
    if (this.#slow.isFlooding(address))
      throw new ApiError("TOOMANYREQUESTS", { detail: "Too many wrong passwords.", headers: { "Retry-After": "10" } });
    const stored = credentials === undefined ? undefined : this.#loaded.passwords.get(credentials.user);
    if (credentials !== undefined && (await this.#check.matches(credentials.user, credentials.password, stored))) {
      this.#slow.succeeded(address);
      exchange.caller = { user: credentials.user };
      return;
    }
    await this.#slow.failed(address);
    throw challenge("The user or the password is wrong.");
  }

  requireUser(exchange: Exchange): void {
    if (exchange.caller.user === "") throw challenge();
  }

  requireReader(exchange: Exchange): void {
    if (!this.#options.anonymousPull) this.requireUser(exchange);
  }

  require(exchange: Exchange, repository: string, action: Action): void {
    if (this.may(exchange, repository, action)) return;
    if (exchange.caller.user === "") throw challenge();
    // What may not be read answers as what is not there; what may not be written answers no whether it is there or not.
    if (action === "write") throw new ApiError("DENIED", { detail: `${exchange.caller.user} may not write to ${repository}.` });
  }

  may(exchange: Exchange, repository: string, action: Action): boolean {
    return this.#rightsOf(exchange)[action](repository);
  }

  mayReadAll(exchange: Exchange): boolean {
    return this.#rightsOf(exchange).readsAll;
  }

  #rightsOf(exchange: Exchange): Rights {
    const { user } = exchange.caller;
    const { rights, everything } = this.#loaded;
    return user !== "" && everything ? ALL : (rights.get(user) ?? NOTHING);
  }
}

async function loaded(options: BasicAccessOptions): Promise<Loaded> {
  const [passwords, access] = await Promise.all([readPasswords(options.files.htpasswd), readAccess(options.files.access)]);
  const rights = new Map<string, Rights>();
  for (const [name, { read, write }] of access?.users ?? []) rights.set(name, rightsFrom([...read, ...write], write));
  if (options.anonymousPull) rights.set("", rightsFrom(access?.anonymous?.read ?? ["**"], []));
  return { passwords, rights, everything: access === undefined };
}

function rightsFrom(read: readonly string[], write: readonly string[]): Rights {
  return { read: globMatcher(read), write: globMatcher(write), readsAll: read.includes("**") };
}

/** RFC 7617. Undefined for anything that is no Basic header. */
function credentialsOf(header: string): { user: string; password: string } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=]+) *$/i.exec(header)?.[1];
  if (encoded === undefined || header.length > MAX_HEADER) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

function challenge(detail = "Log in first."): ApiError {
  return new ApiError("UNAUTHORIZED", { detail, headers: { "Www-Authenticate": 'Basic realm="skerry", charset="UTF-8"' } });
}
