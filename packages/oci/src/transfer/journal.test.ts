import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { digestOf } from "../hash.ts";
import { platformFilter } from "../model/platform.ts";
import { linux } from "../testing/images.ts";
import { tempDir } from "../testing/temp-dir.ts";
import { openJournal } from "./journal.ts";
import { rootCovers } from "./presence.ts";

const A = digestOf(Buffer.from("a"));
const B = digestOf(Buffer.from("b"));

test("what was added is there in the next run, and nothing is written twice", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "journal", "target.jsonl");
  const root = { digest: A, manifests: [A, B], skipped: [], referrers: "all" } as const;
  for (let run = 0; run < 2; run++) {
    const journal = await openJournal(path);
    journal.addBlob("docker://t", "org/app", B);
    journal.addRoot("docker://t", "org/app", root);
    await journal.close();
  }
  expect((await readFile(path, "utf8")).trim().split("\n")).toHaveLength(2);
  const journal = await openJournal(path);
  expect([
    journal.hasBlob("docker://t", "org/app", B),
    journal.hasBlob("docker://t", "other", B),
    journal.hasBlob("docker://u", "org/app", B),
  ]).toEqual([true, false, false]);
  expect(journal.holder("docker://t", B)).toBe("org/app");
  expect(journal.covers("docker://t", "org/app", { digest: A, referrers: "all", known: [B] })).toBe(true);
  await journal.close();
});

test("a line cut short by a kill is cut off, lines that are not ours are passed over", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "j");
  const first = await openJournal(path);
  first.addBlob("t", "r", A);
  await first.close();
  const good = await readFile(path, "utf8");
  await appendFile(path, '{"not":"ours"}\nnot JSON\n{"target":"t","repository":"r","blob":"sha2');
  const second = await openJournal(path);
  expect(second.hasBlob("t", "r", A)).toBe(true);
  second.addBlob("t", "r", B);
  await second.close();
  expect(await readFile(path, "utf8")).toBe(
    `${good}{"not":"ours"}\nnot JSON\n${JSON.stringify({ target: "t", repository: "r", blob: B })}\n`,
  );
});

test("names from outside reach no object", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "j");
  await writeFile(path, `${JSON.stringify({ target: "__proto__", repository: "constructor", blob: A })}\n`);
  const journal = await openJournal(path);
  expect(journal.hasBlob("__proto__", "constructor", A)).toBe(true);
  expect(journal.hasBlob("toString", "constructor", A)).toBe(false);
  await journal.close();
});

test("a record covers what is asked only when nothing asked for was left out", () => {
  const architectures = ["amd64", "arm64", "s390x"] as const;
  const subset = fc.subarray([...architectures]);
  fc.assert(
    fc.property(subset, subset, fc.boolean(), fc.boolean(), (skipped, wanted, recordAll, askAll) => {
      const record = { digest: A, manifests: [A], skipped: skipped.map(linux), referrers: recordAll ? "all" : "none" } as const;
      const asked = { digest: A, platforms: platformFilter(wanted.map(linux)), referrers: askAll ? "all" : "none" } as const;
      const expected = wanted.every((item) => !skipped.includes(item)) && (recordAll || !askAll);
      expect(rootCovers(record, asked)).toBe(expected);
    }),
  );
  const sparse = { digest: A, manifests: [A], skipped: [linux("arm64")], referrers: "none" } as const;
  expect(rootCovers(sparse, { digest: A, referrers: "none" })).toBe(false);
  expect(rootCovers({ ...sparse, skipped: [] }, { digest: A, referrers: "none", known: [B] })).toBe(false);
});
