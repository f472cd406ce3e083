import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openRegistryCare } from "@skerry/registry";
import { expect, test } from "vitest";
import { MixedLoad, seeded } from "./campaign.ts";
import { startChild } from "./child.ts";

const ROUNDS = Number(process.env["SKERRY_CRASH_ROUNDS"] ?? 4);
const SEED = Number(process.env["SKERRY_CRASH_SEED"] ?? 21);

/** Longer than any campaign: a blob that no manifest came to name may be collected when its lease is over, and is asked for here. */
const LEASE_MS = 24 * 60 * 60_000;

test(
  `what was acknowledged survives ${ROUNDS} kills at random moments under a mixed load with collections`,
  async () => {
    const root = await mkdtemp(join(tmpdir(), "skerry-crash-"));
    const load = new MixedLoad(SEED);
    const random = seeded(SEED + 1);
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        const child = await startChild(root, { leaseMs: LEASE_MS, ...(round % 2 === 0 ? {} : { journalChanges: 20 }) });
        expect(await load.check(child.url), `round ${round}`).toEqual([]);
        let killed = false;
        const running = load.run(child.url, 8, () => killed);
        const collecting = collectUntil(root, () => killed);
        await sleep(100 + random() * 700);
        killed = true;
        await child.kill("SIGKILL");
        await Promise.all([running, collecting]);
      }
      const child = await startChild(root, { leaseMs: LEASE_MS });
      expect(await load.check(child.url)).toEqual([]);
      expect(load.acknowledged).toBeGreaterThan(ROUNDS);
      await child.kill("SIGTERM");
      expect(await readdir(join(root, "tmp"))).toEqual([]);
      expect(await readdir(join(root, "journal"))).toEqual([]);
      expect((await readdir(root)).filter((name) => /owner|control/.test(name))).toEqual([]);
    } finally {
      await rm(root, { recursive: true });
    }
  },
  60_000 + ROUNDS * 15_000,
);

async function collectUntil(root: string, stop: () => boolean): Promise<void> {
  while (!stop()) {
    try {
      await using care = await openRegistryCare(root);
      if (care.served) await care.collect({ graceMs: 0 });
    } catch {
      // The registry was killed in the middle of it, or has not taken its root yet.
    }
    await sleep(20);
  }
}
