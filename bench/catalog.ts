import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { generateCatalog } from "./catalog-generator.ts";

/**
 * Times list, selection of ten packages, validation and rendering of large catalogs, each step a process of its own,
 * beside `wc -l` of the same files as a yardstick for the machine.
 *
 *     node bench/catalog.ts [DATA [WORK]]      DATA: folder with catalogs/v4.20, WORK: where the catalogs are made
 *
 * The last columns say what `opm` 1.73 took on the machine of the recorded answers (wall seconds and MiB); compare ratios
 * on one machine, not seconds across machines.
 */
const data = resolve(process.argv[2] ?? process.env["SKERRY_SHARED_DATA"] ?? join(import.meta.dirname, "..", "..", "shared", "data"));
const work = resolve(process.argv[3] ?? join(import.meta.dirname, "dist", "catalogs"));
const RUNS = 3;

/** Wall seconds and MiB of opm: render, and validate. */
const OPM: Readonly<Record<string, { readonly render: readonly [number, number]; readonly validate: readonly [number, number] }>> = {
  "v4.20": { render: [0.54, 89], validate: [0.76, 114] },
  c120: { render: [1.74, 204], validate: [2.89, 379] },
  c400: { render: [5.58, 542], validate: [9.45, 1186] },
};

interface Timed {
  readonly seconds: number;
  readonly output: string;
}

function timed(command: string, args: readonly string[]): Timed {
  const started = performance.now();
  const ended = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 20 });
  if (ended.status !== 0) throw new Error(`${command} ${args.join(" ")}: ${ended.stderr}`);
  return { seconds: (performance.now() - started) / 1000, output: ended.stdout };
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

async function catalogs(): Promise<ReadonlyMap<string, string>> {
  const source = join(data, "catalogs", "v4.20");
  if (!existsSync(source)) throw new Error(`no catalog at ${source}`);
  const found = new Map([["v4.20", source]]);
  for (const [name, bytes] of [
    ["c120", 120_000_000],
    ["c400", 400_000_000],
  ] as const) {
    const folder = join(work, name);
    if (!existsSync(folder)) {
      await mkdir(folder, { recursive: true });
      await generateCatalog(source, folder, bytes);
    }
    found.set(name, folder);
  }
  return found;
}

console.log("catalog  step      wall s    CPU s  max RSS MiB  opm wall s  opm MiB  of opm");
for (const [name, path] of await catalogs()) {
  const yardstick = timed("sh", ["-c", `find "${path}" -type f -exec cat {} + | wc -l`]);
  console.log(`${name.padEnd(8)} ${"wc -l".padEnd(8)} ${yardstick.seconds.toFixed(2).padStart(7)}`);
  for (const step of ["list", "select", "validate", "render"] as const) {
    const runs = Array.from({ length: RUNS }, () => timed(process.execPath, [join(import.meta.dirname, "catalog-step.ts"), step, path]));
    const wall = median(runs.map((run) => run.seconds));
    const rss = median(runs.map((run) => (JSON.parse(run.output) as { maxRssMib: number }).maxRssMib));
    const cpu = median(runs.map((run) => (JSON.parse(run.output) as { cpuSeconds: number }).cpuSeconds));
    const [opmWall, opmRss] = OPM[name]?.[step === "validate" ? "validate" : "render"] ?? [0, 0];
    console.log(
      `${name.padEnd(8)} ${step.padEnd(8)} ${wall.toFixed(2).padStart(7)} ${cpu.toFixed(2).padStart(8)} ${String(rss).padStart(12)} ${opmWall.toFixed(2).padStart(11)} ${String(opmRss).padStart(8)} ${(wall / opmWall).toFixed(2).padStart(7)}`,
    );
  }
}
