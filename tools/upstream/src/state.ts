import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Upstream } from "./build.ts";

/** File in an upstream's root that tells what was made, written last. */
const STATE_FILE = "upstream.json";

/** Writes down what was made out of which options, so that the next start does not make it again. */
export async function writeState(root: string, madeOf: string, upstream: Upstream): Promise<void> {
  const { images, replacements, hosts, pushed } = upstream;
  await writeFile(
    join(root, STATE_FILE),
    `${JSON.stringify({ madeOf, images, replacements: [...replacements], hosts, pushed }, undefined, 1)}\n`,
  );
}

/** What an earlier run made, when it was made out of the same options and came to its end. */
export async function readState(root: string, madeOf: string): Promise<Upstream | undefined> {
  let text: string;
  try {
    text = await readFile(join(root, STATE_FILE), "utf8");
  } catch {
    return undefined;
  }
  const state = JSON.parse(text) as Omit<Upstream, "replacements"> & { madeOf: string; replacements: [string, string][] };
  const { images, hosts, pushed } = state;
  return state.madeOf === madeOf ? { images, hosts, pushed, replacements: new Map(state.replacements) } : undefined;
}
