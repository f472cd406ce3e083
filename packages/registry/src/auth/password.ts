import { createHmac, randomBytes } from "node:crypto";
import { compare, hash, truncates } from "bcryptjs";
import { RegistryError } from "../errors.ts";
import { Lru } from "../store/lru.ts";

const ROUNDS = 10;
const REMEMBERED = 1000;
const REMEMBER_MS = 10 * 60_000;

/**
 * Makes an htpasswd hash.
 * @throws RegistryError `PASSWORD_INVALID` for an empty one, or one longer than the 72 bytes that bcrypt looks at
 */
export async function hashPassword(password: string): Promise<string> {
  if (password === "" || password.includes("\0") || truncates(password)) {
    throw new RegistryError({
      code: "PASSWORD_INVALID",
      message: `Cannot set the password: ${password === "" ? "it is empty" : "it has more than 72 bytes, or a zero byte; bcrypt would ignore the rest"}`,
      hint: "Choose one of 12 to 72 bytes.",
    });
  }
  return (await hash(password, ROUNDS)).replace(/^\$2[ab]\$/, "$2y$");
}

/**
 * Checks passwords against bcrypt hashes, one at a time, and remembers the right ones under a key that exists only in this
 * process. An unknown user costs the same as a wrong password.
 */
export class PasswordCheck {
  readonly #key = randomBytes(32);
  readonly #known = new Lru<number>(REMEMBERED);
  readonly #now: () => number;
  /** Nobody knows the password that belongs to it. */
  readonly #dummy: Promise<string>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(now: () => number) {
    this.#now = now;
    this.#dummy = hash(randomBytes(32).toString("base64"), ROUNDS);
  }

  /** `stored` is undefined for an unknown user. */
  async matches(user: string, password: string, stored: string | undefined): Promise<boolean> {
    const key = createHmac("sha256", this.#key)
      .update(`${user}\0${stored ?? ""}\0${password}`)
      .digest("base64");
    const until = this.#known.get(key);
    if (stored !== undefined && until !== undefined && until > this.#now()) return true;
    const right = await this.#inTurn(async () => (await compare(password, stored ?? (await this.#dummy))) && stored !== undefined);
    if (right) this.#known.set(key, this.#now() + REMEMBER_MS);
    return right;
  }

  /** Hashing takes a core for a while: whoever guesses gets one at most. */
  #inTurn(work: () => Promise<boolean>): Promise<boolean> {
    const result = this.#last.then(work, work);
    this.#last = result;
    return result;
  }
}
