import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { RealmMemory } from "../auth/realm.ts";
import { OciError } from "../errors.ts";
import { writeFileAtomic } from "../store/disk/atomic-file.ts";

/** Token services that were accepted at a login, kept in a small JSON file: registry host → origin of its realm. */
export class RealmFile implements RealmMemory {
  readonly #path: string;
  readonly #realms: Map<string, string>;
  readonly #accepting: ReadonlySet<string>;
  #changed = false;

  private constructor(path: string, known: { realms: Map<string, string>; accepting: readonly string[] }) {
    this.#path = path;
    this.#realms = known.realms;
    this.#accepting = new Set(known.accepting);
  }

  /**
   * Opens the file; a missing one is empty. During a login, `accepting` names the hosts whose realm, also a changed one,
   * is taken from what the registry says.
   * @throws OciError `CONFIG_INVALID` for a file that cannot be read
   */
  static async open(path: string, accepting: readonly string[] = []): Promise<RealmFile> {
    return new RealmFile(path, { realms: await readRealms(path), accepting });
  }

  get(host: string): string | undefined {
    return this.#realms.get(host);
  }

  accept(host: string, origin: string): boolean {
    if (!this.#accepting.has(host)) return false;
    this.#changed ||= this.#realms.get(host) !== origin;
    this.#realms.set(host, origin);
    return true;
  }

  /** Writes what was accepted; call it once the login has succeeded. */
  async save(): Promise<void> {
    if (!this.#changed) return;
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    const sorted = Object.fromEntries([...this.#realms].sort(([a], [b]) => (a < b ? -1 : 1)));
    await writeFileAtomic(this.#path, new TextEncoder().encode(`${JSON.stringify({ realms: sorted }, undefined, 2)}\n`), { mode: 0o600 });
    this.#changed = false;
  }
}

async function readRealms(path: string): Promise<Map<string, string>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR")) return new Map();
    throw new OciError({ code: "CONFIG_INVALID", message: `Cannot read ${path}`, subject: path, cause });
  }
  try {
    const { realms } = JSON.parse(text) as { realms?: unknown };
    const entries = Object.entries(typeof realms === "object" && realms !== null ? realms : {});
    return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  } catch (cause) {
    throw new OciError({
      code: "CONFIG_INVALID",
      message: `Cannot read ${path}: it is not a list of accepted token services`,
      subject: path,
      hint: "Remove the file; each login writes its own line again.",
      cause,
    });
  }
}
