import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type RunningRegistry, startRegistry } from "@skerry/registry";
import { serveUpstream } from "@skerry-tools/upstream";
import { BUNDLE, shipped } from "../shipped.ts";

/**
 * `main.ts [IMAGES…]`: plans and mirrors that many small images (500, 5,000; 10,000 are planned only) with the bundled command
 * line, and prints peak resident memory, CPU and wall time of each process, then how much more the largest mirror needs than
 * the smallest. Run `npm run build` first, or name a bundle built elsewhere with SKERRY_BUNDLE=DIR/skerry.mjs.
 */
const program = shipped(resolve(process.env["SKERRY_BUNDLE"] ?? BUNDLE));
const counts = process.argv.slice(2).map(Number);
const peaks: number[] = [];

for (const count of counts.length === 0 ? [500, 5_000, 10_000] : counts) await measure(count);
if (peaks.length > 1) {
  const more = (Math.max(...peaks) / Math.min(...peaks) - 1) * 100;
  console.log(`mirrors: ${Math.max(...peaks).toFixed(0)} MiB at most, ${more.toFixed(0)} % more than at least`);
}

async function measure(count: number): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), "skerry-memory-"));
  const images = Array.from({ length: count }, (_, index) => `registry.bench.example/team-${index % 40}/app-${index}:v1`);
  const upstream = await serveUpstream({ root: join(dir, "upstream"), seed: "memory", catalogs: [], images });
  const mirror: RunningRegistry = await startRegistry({ root: join(dir, "mirror"), listen: "127.0.0.1:0" });
  const config = join(dir, "imageset.yaml");
  const list = images.map((name) => `    - name: ${name}\n`).join("");
  await writeFile(config, `apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\nmirror:\n  additionalImages:\n${list}`);
  const common = [
    "-q",
    "-c",
    config,
    "--workspace",
    join(dir, "workspace"),
    "--registries-conf",
    upstream.registriesConfPath,
    "--insecure",
  ];
  const target = `docker://${mirror.host}`;
  let peak = 0;
  const words = count > 5_000 ? ["plan"] : ["plan", "mirror", "mirror"];
  for (const [index, word] of words.entries()) {
    const used = await run([word, ...common, target], dir);
    if (word === "mirror") peak = Math.max(peak, used.peakMiB);
    const name = index === 2 ? `${word} again` : word;
    console.log(
      `${String(count).padStart(6)} images  ${name.padEnd(12)} ${used.peakMiB.toFixed(0).padStart(4)} MiB  ${used.cpu.toFixed(1)} CPU s  ${used.wall.toFixed(1)} s`,
    );
  }
  if (peak > 0) peaks.push(peak);
  await upstream.close();
  await mirror.close();
  await rm(dir, { recursive: true, force: true });
}

interface Used {
  readonly peakMiB: number;
  readonly cpu: number;
  readonly wall: number;
}

async function run(args: readonly string[], cwd: string): Promise<Used> {
  const began = performance.now();
  const [command, ...first] = program;
  const child = spawn(command, [...first, ...args], { cwd, stdio: ["ignore", "ignore", "inherit"] });
  let used = { peakMiB: 0, cpu: 0 };
  const timer = setInterval(() => {
    void look(child).then((seen) => {
      if (seen !== undefined) used = seen;
    });
  }, 50);
  const [code] = (await once(child, "exit")) as [number | null];
  clearInterval(timer);
  if (code !== 0) throw new Error(`skerry ${args[0] ?? ""} ended with ${code}`);
  return { ...used, wall: (performance.now() - began) / 1000 };
}

/** Peak memory and CPU time from /proc, which outlive no process: the last look counts. proc(5). */
async function look(child: ChildProcess): Promise<{ peakMiB: number; cpu: number } | undefined> {
  try {
    const status = await readFile(`/proc/${child.pid}/status`, "utf8");
    const stat = await readFile(`/proc/${child.pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const kilobytes = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
    return kilobytes === 0 ? undefined : { peakMiB: kilobytes / 1024, cpu: (Number(fields[11]) + Number(fields[12])) / 100 };
  } catch {
    return undefined;
  }
}
