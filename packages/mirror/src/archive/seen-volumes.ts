import { stat } from "node:fs/promises";
import type { ArchiveVolume } from "@skerry/oci";
import { readTextFile, writeTextFile } from "../workspace/files.ts";

/** Volumes that an earlier run of this workspace hashed: a resumed import does not read them twice. */
export class SeenVolumes {
  readonly #path: string;
  #known: Map<string, string> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async has(volume: ArchiveVolume, path: string): Promise<boolean> {
    return (await this.#read()).get(path) === (await stamp(volume, path));
  }

  async add(volume: ArchiveVolume, path: string): Promise<void> {
    const known = await this.#read();
    known.set(path, await stamp(volume, path));
    await writeTextFile(this.#path, `${JSON.stringify(Object.fromEntries(known))}\n`);
  }

  async #read(): Promise<Map<string, string>> {
    this.#known ??= parsed(await readTextFile(this.#path));
    return this.#known;
  }
}

async function stamp(volume: ArchiveVolume, path: string): Promise<string> {
  const { size, mtimeMs, ctimeMs, ino } = await stat(path);
  return `${volume.sha256 ?? ""} ${size} ${mtimeMs} ${ctimeMs} ${ino}`;
}

function parsed(text: string | undefined): Map<string, string> {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
    return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  } catch {
    return new Map();
  }
}
