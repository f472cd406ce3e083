import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { World } from "../world/types.ts";

/** A private folder for what is extracted, under TMPDIR; gone at the end. */
export async function workFolder(world: Pick<World, "env">): Promise<{ readonly path: string } & AsyncDisposable> {
  const temporary = world.env["TMPDIR"];
  const path = await mkdtemp(join(temporary === undefined || temporary === "" ? "/tmp" : temporary, "skerry-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
