import { createHash } from "node:crypto";
import { join } from "node:path";
import { readTextFile, writeTextFile } from "./files.ts";

/** Results that cost requests and depend on digests only, kept between runs as JSON. */
export class Memo {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** What was kept for this key, or what `make` gives, which is then kept. `key` is any text; it is hashed. */
  async get<Value>(kind: string, key: string, make: () => Promise<Value>): Promise<Value> {
    const path = join(this.#dir, `${kind}-${createHash("sha256").update(key).digest("hex").slice(0, 40)}.json`);
    const kept = parse(await readTextFile(path));
    if (kept !== undefined && kept["key"] === key) return kept["value"] as Value;
    const value = await make();
    await writeTextFile(path, `${JSON.stringify({ key, value })}\n`);
    return value;
  }
}

function parse(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Torn by a power cut: it is made anew.
    return undefined;
  }
}
