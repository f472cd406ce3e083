import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { generateCatalog } from "./catalog-generator.ts";
import { BUNDLE, shipped } from "./shipped.ts";

/**
 * Times `skerry catalog list`, selection of ten packages, validation and rendering of large catalogs as a user runs them,
 * beside `wc -l` and `jq -c .schema` of the same files as yardsticks for the machine.
 *
 *     npm run build && node bench/catalog.ts [DATA [WORK]]
 *
 * DATA: folder with catalogs/v4.20, WORK: where the catalogs are made. SKERRY_BUNDLE=DIR/skerry.mjs names a bundle built
 * elsewhere, BENCH_CATALOGS=v4.20,c120 leaves some out. The last columns say what `opm` 1.73 took on the machine of the
 * recorded answers (wall seconds and MiB); compare ratios to a yardstick, not seconds across machines.
 */
const data = resolve(process.argv[2] ?? process.env["SKERRY_SHARED_DATA"] ?? join(import.meta.dirname, "..", "..", "shared", "data"));
const work = resolve(process.argv[3] ?? join(import.meta.dirname, "dist", "catalogs"));
const bundle = resolve(process.env["SKERRY_BUNDLE"] ?? BUNDLE);
const wanted = (process.env["BENCH_CATALOGS"] ?? "v4.20,c120,c400").split(",");
const RUNS = 3;

/** Wall seconds and MiB of opm: render, and validate. */
const OPM: Readonly<Record<string, { readonly render: readonly [number, number]; readonly validate: readonly [number, number] }>> = {
  "v4.20": { render: [0.54, 89], validate: [0.76, 114] },
  c120: { render: [1.74, 204], validate: [2.89, 379] },
  c400: { render: [5.58, 542], validate: [9.45, 1186] },
};

interface Run {
  readonly wall: number;
  readonly cpu: number;
  readonly mib: number;
}

/** One run of a command with its output thrown away, measured by the system's `time`. */
function timed(command: readonly string[]): Run {
  const ended = spawnSync("/usr/bin/time", ["-f", "%e %U %S %M", ...command], {
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
    maxBuffer: 1 << 26,
  });
  const [wall = 0, user = 0, system = 0, kib = 0] = (ended.stderr.trim().split("\n").at(-1) ?? "").split(" ").map(Number);
  if (ended.status !== 0 || !Number.isFinite(kib)) throw new Error(`${command.join(" ")}: ${ended.stderr}`);
  return { wall, cpu: user + system, mib: Math.round(kib / 1024) };
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

function medianRun(once: () => Run): Run {
  const runs = Array.from({ length: RUNS }, once);
  return { wall: median(runs.map((run) => run.wall)), cpu: median(runs.map((run) => run.cpu)), mib: median(runs.map((run) => run.mib)) };
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
    if (wanted.includes(name) && !existsSync(folder)) {
      await mkdir(folder, { recursive: true });
      await generateCatalog(source, folder, bytes);
    }
    found.set(name, folder);
  }
  return new Map([...found].filter(([name]) => wanted.includes(name)));
}

/** The steps as a user types them; `out` is fresh for each run. */
function steps(path: string, out: string): readonly (readonly [string, readonly string[]])[] {
  const names = readdirSync(path).sort();
  const middle = Math.floor(names.length / 2);
  const ten = names.slice(middle, middle + 10).flatMap((name) => ["--package", name]);
  return [
    ["list", ["list", path]],
    ["select", ["select", path, out, ...ten]],
    ["validate", ["validate", path]],
    ["render", ["render", path]],
  ];
}

function row(name: string, step: string, { wall, cpu, mib }: Run, opm: readonly [number, number] | undefined): void {
  const cells = [wall.toFixed(2), cpu.toFixed(2), String(mib)];
  const against = opm === undefined ? [] : [opm[0].toFixed(2), String(opm[1]), (wall / opm[0]).toFixed(2)];
  console.log([name.padEnd(8), step.padEnd(9), ...[...cells, ...against].map((cell) => cell.padStart(9))].join(" "));
}

if (!existsSync(bundle)) throw new Error(`no bundle at ${bundle}: run 'npm run build' first`);
const skerry = shipped(bundle);
const scratch = await mkdtemp(join(tmpdir(), "skerry-bench-"));
try {
  console.log("catalog  step         wall s     CPU s   MiB RSS opm wall s   opm MiB    of opm");
  row(
    "-",
    "version",
    medianRun(() => timed([...skerry, "version"])),
    undefined,
  );
  for (const [name, path] of await catalogs()) {
    const files = `find "${path}" -type f -exec cat {} +`;
    row(
      name,
      "wc -l",
      medianRun(() => timed(["sh", "-c", `${files} | wc -l`])),
      undefined,
    );
    if (name !== "v4.20") row(name, "jq", timed(["sh", "-c", `${files} | jq -c .schema`]), undefined);
    const out = join(scratch, "selected");
    for (const [step, args] of steps(path, out)) {
      const run = medianRun(() => {
        spawnSync("rm", ["-rf", out]);
        return timed([...skerry, "catalog", ...args]);
      });
      row(name, step, run, OPM[name]?.[step === "validate" ? "validate" : "render"]);
    }
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
