import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRegistry } from "@skerry/registry";
import { expect, test } from "vitest";
import { MixedLoad, seeded } from "./campaign.ts";
import { ForgetfulDisk } from "./forgetful-disk.ts";

const ROUNDS = Number(process.env["SKERRY_POWER_ROUNDS"] ?? 6);

test(`what was acknowledged survives ${ROUNDS} power cuts on a disk that forgets what was not synced`, async () => {
  const root = await mkdtemp(join(tmpdir(), "skerry-power-"));
  const disk = new ForgetfulDisk();
  const load = new MixedLoad(11);
  const random = seeded(12);
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      // In every other round the journal goes on in a new file after a few changes, and the old one is settled beside the load.
      const journalChanges = round % 2 === 0 ? 5 : 4000;
      const registry = await startRegistry({ root, files: disk.mount(root), drainMs: 0, journalChanges });
      expect(await load.check(registry.url), `round ${round}`).toEqual([]);
      const before = load.acknowledged;
      const goal = before + 20 + Math.floor(random() * 40);
      await load.run(registry.url, 4, () => {
        if (load.acknowledged >= goal) disk.cut(random);
        return load.acknowledged >= goal;
      });
      expect(load.acknowledged).toBeGreaterThan(before);
      await registry.close().catch(() => undefined);
    }
    expect(disk.syncs).toBeGreaterThan(0);
  } finally {
    await rm(root, { recursive: true });
  }
});
