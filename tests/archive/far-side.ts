import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { runInWorld } from "../../packages/cli/src/testing/world.ts";
import type { Json, MirrorWorld } from "../mirror/world.ts";

/** What a command on the far side left. */
export interface FarRun {
  readonly code: number;
  readonly result: Json;
  readonly error: Json;
}

/** Runs commands on the far side of a world: nothing of the near side's configuration is there. */
export async function farSideOf(world: MirrorWorld, name = "far"): Promise<(...args: readonly string[]) => Promise<FarRun>> {
  const far = join(world.dir, name);
  await mkdir(far, { recursive: true });
  return async (...args) => {
    const { code, stdout, stderr } = await runInWorld([...args, "-o", "json", "-q"], { cwd: far, env: {}, home: far });
    return { code, result: parsed(stdout), error: parsed(stderr) };
  };
}

function parsed(text: string): Json {
  return text.startsWith("{") ? JSON.parse(text) : text;
}
