import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bundle, type Contestant, CRANE, type Job, library, REGCTL, SKOPEO_COPY, SKOPEO_SYNC, skerry, type Took } from "./contestants.ts";
import { type BenchImage, LARGE, SHARED, seed, TWENTY } from "./images.ts";
import { type BenchRegistry, startRegistry } from "./registries.ts";

/**
 * Copies between two docker-registries, side by side, interleaved, medians with spread. Requests and CPU seconds come first:
 * they are what the machine's other work does not change.
 *
 *   node bench/copy/main.ts [--runs 5] [--only a,b,c,d]
 *
 * a: one image of 1 GiB, loopback. b: twenty images of seven blobs, cold, 50 ms round trip. c: the same again. d: 200 images
 * of ten bases, loopback. `--without NAME` (repeat) leaves a contestant out. Run `npm run build` first; needs docker-registry,
 * skopeo, crane, regctl and time on the PATH.
 */
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    only: { type: "string", default: "a,b,c,d" },
    without: { type: "string", multiple: true, default: [] },
  },
});
const runs = Number(values.runs);
const only = new Set(values.only.split(","));

interface Case {
  readonly title: string;
  readonly images: readonly BenchImage[];
  readonly delayMs: number;
  readonly again: boolean;
  readonly contestants: readonly Contestant[];
}

interface Run {
  readonly took: Took;
  readonly source: Record<string, number>;
  readonly target: Record<string, number>;
}

const folder = await mkdtemp(join(tmpdir(), "skerry-bench-"));
const SKERRY = skerry(resolve(import.meta.dirname, "..", "..", "packages", "cli", "dist", "skerry.mjs"));
const LIBRARY = library(await bundle(folder));

const CASES: Readonly<Record<string, Case>> = {
  a: {
    title: "a: 1 GiB in 8 layers, loopback",
    images: LARGE,
    delayMs: 0,
    again: false,
    contestants: [SKERRY, LIBRARY, CRANE, REGCTL, SKOPEO_COPY],
  },
  b: {
    title: "b: 20 x 7 blobs, cold, 50 ms",
    images: TWENTY,
    delayMs: 25,
    again: false,
    contestants: [SKERRY, LIBRARY, CRANE, REGCTL, SKOPEO_SYNC],
  },
  c: { title: "c: the same again", images: TWENTY, delayMs: 25, again: true, contestants: [SKERRY, LIBRARY, CRANE, REGCTL, SKOPEO_SYNC] },
  d: { title: "d: 200 images of 10 bases, loopback", images: SHARED, delayMs: 0, again: false, contestants: [SKERRY, LIBRARY, CRANE] },
};

for (const [key, benchCase] of Object.entries(CASES)) if (only.has(key)) await measure(benchCase);
await rm(folder, { recursive: true });

async function measure(benchCase: Case): Promise<void> {
  await using source = await startRegistry(benchCase.delayMs);
  const unique = await seed(source.host, benchCase.images);
  await source.requests();
  const results = new Map<string, Run[]>();
  for (let run = 0; run < runs; run++) {
    for (const contestant of benchCase.contestants) {
      if (values.without.some((name) => contestant.name.startsWith(name))) continue;
      await using target = await startRegistry(benchCase.delayMs);
      const job = { source: source.host, target: target.host, repositories: benchCase.images.map(({ repository }) => repository) };
      results.set(contestant.name, [...(results.get(contestant.name) ?? []), await once(benchCase, { contestant, job, source, target })]);
    }
  }
  print(benchCase.title, unique, results);
}

interface Once {
  readonly contestant: Contestant;
  readonly job: Job;
  readonly source: BenchRegistry;
  readonly target: BenchRegistry;
}

async function once({ again }: Case, { contestant, job, source, target }: Once): Promise<Run> {
  if (again) await contestant.run(job);
  await source.requests();
  await target.requests();
  const took = await contestant.run(job);
  return { took, source: await source.requests(), target: await target.requests() };
}

function print(title: string, unique: number, results: ReadonlyMap<string, readonly Run[]>): void {
  console.log(`\n${title} (${(unique / 1024 / 1024).toFixed(1)} MiB unique, median of ${runs} [least-most])`);
  console.log("| contestant | requests source | requests target | CPU s | wall s | peak MiB |");
  console.log("| --- | --- | --- | --- | --- | --- |");
  const moved: string[] = [];
  for (const [name, list] of results) {
    const last = list.at(-1);
    const cells = [
      name,
      requests(last?.source),
      requests(last?.target),
      spread(list.map(({ took }) => took.cpuSeconds)),
      spread(list.map(({ took }) => took.seconds)),
      spread(list.map(({ took }) => took.peakMiB)),
    ];
    console.log(`| ${cells.join(" | ")} |`);
    if (name === LIBRARY.name) moved.push(`${name} moved ${last?.took.stdout.trim() ?? ""}`);
  }
  console.log(`\n${moved.join("\n")}`);
}

function requests(counts: Readonly<Record<string, number>> = {}): string {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return `${all} (${Object.entries(counts)
    .sort()
    .map(([method, count]) => `${method} ${count}`)
    .join(", ")})`;
}

function spread(figures: readonly number[]): string {
  const sorted = [...figures].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return `${median.toFixed(2)} [${(sorted[0] ?? 0).toFixed(2)}-${(sorted.at(-1) ?? 0).toFixed(2)}]`;
}
