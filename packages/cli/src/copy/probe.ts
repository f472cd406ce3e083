import { isOciError, type OciError, type Place, type Registries } from "@skerry/oci";
import { RefusedError } from "../args/errors.ts";
import { inOrder } from "./in-order.ts";
import type { CopyRow } from "./rows.ts";

interface Denied {
  readonly name: string;
  readonly error: OciError;
}

/**
 * Asks each registry, once per first part of the path, whether it lets us push: an upload is opened and cancelled. What
 * fails for another reason than permission is left to the copy.
 */
export class PushProbes {
  readonly #registries: Registries;
  readonly #signal: AbortSignal;
  readonly #asked: Map<string, Promise<Denied | undefined>> = new Map();

  constructor(registries: Registries, signal: AbortSignal) {
    this.#registries = registries;
    this.#signal = signal;
  }

  /** Whether nothing is known that speaks against pushing to a place. */
  async allows(host: string, at: Place): Promise<boolean> {
    return (await this.#ask(host, at)) === undefined;
  }

  /** @throws RefusedError `PUSH_DENIED` naming every place of the rows that is denied */
  async check(rows: readonly CopyRow[]): Promise<void> {
    const all = await inOrder(rows, async ({ target }) =>
      target?.writer.host === undefined ? undefined : this.#ask(target.writer.host, target.at),
    );
    const denied = [...new Set(all)].filter((entry) => entry !== undefined);
    const [first] = denied;
    if (first === undefined) return;
    throw new RefusedError(
      `Refused to copy: no permission to push to ${denied.map(({ name }) => name).join(", ")} (${first.error.message})`,
      {
        code: "PUSH_DENIED",
        subject: first.name,
        hint: first.error.hint ?? `Log in with an account that may push: skerry login ${first.error.host ?? ""}`,
      },
    );
  }

  #ask(host: string, at: Place): Promise<Denied | undefined> {
    const key = `${host}/${at.repository.split("/")[0] ?? ""}`;
    const asked = this.#asked.get(key) ?? this.#probe(host, at);
    this.#asked.set(key, asked);
    return asked;
  }

  async #probe(host: string, at: Place): Promise<Denied | undefined> {
    try {
      await this.#registries.writer(host).probePush(at, { signal: this.#signal });
    } catch (error) {
      if (!isOciError(error)) throw error;
      if (/^(?:DENIED|UNAUTHORIZED|NOT_FOUND)$/.test(error.code)) return { name: `${host}/${at.repository}`, error };
    }
    return undefined;
  }
}
