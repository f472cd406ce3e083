import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { shipped } from "../shipped.ts";

/** What one run took. */
export interface Took {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Of the largest process. */
  readonly peakMiB: number;
  readonly stdout: string;
}

export interface Job {
  readonly source: string;
  readonly target: string;
  readonly repositories: readonly string[];
}

/** One way to do the job. */
export interface Contestant {
  readonly name: string;
  run(job: Job): Promise<Took>;
}

const IMAGE = (host: string, repository: string): string => `${host}/${repository}:v1`;

/** The library alone, in one file. */
export function library(program: string): Contestant {
  return {
    name: "@skerry/oci",
    run: ({ source, target, repositories }) => timed([process.execPath, program, source, target, ...repositories]),
  };
}

/** The command line as it is shipped. Signatures and referrers are left out, since crane and skopeo leave them behind. */
export function skerry(program: string): Contestant {
  return {
    name: "skerry copy -f",
    async run({ source, target, repositories }) {
      const folder = await mkdtemp(join(tmpdir(), "skerry-bench-"));
      const mapping = join(folder, "mapping.txt");
      await writeFile(mapping, repositories.map((repository) => `${IMAGE(source, repository)}=${IMAGE(target, repository)}\n`).join(""));
      const words = ["copy", "-q", "-f", mapping, "--tls-verify=false", "--referrers", "none"];
      const took = await timed([...shipped(program), ...words]);
      await rm(folder, { recursive: true });
      return took;
    },
  };
}

/** Bundles the library's program into one file, as applications are shipped: reading fifty source files is not what is measured. */
export async function bundle(folder: string): Promise<string> {
  const file = join(folder, "skerry-copy.mjs");
  const built = await rolldown({ input: join(import.meta.dirname, "skerry-copy.ts"), platform: "node", logLevel: "silent" });
  await built.write({ file, format: "esm", minify: true, codeSplitting: false });
  await built.close();
  return file;
}

/** Several images at once, as people do it by hand. */
function parallel(name: string, line: (job: Job) => string): Contestant {
  return {
    name,
    run: async (job) => {
      const input = job.repositories.map((repository) => `${IMAGE(job.source, repository)} ${IMAGE(job.target, repository)}`).join("\n");
      return timed(["sh", "-c", `printf '%s\n' "$0" | xargs -P8 -L1 ${line(job)}`, input]);
    },
  };
}

export const CRANE: Contestant = parallel("crane, xargs -P8", () => "crane copy --insecure");
export const REGCTL: Contestant = parallel(
  "regctl, xargs -P8",
  ({ source, target }) => `regctl --host reg=${source},tls=disabled --host reg=${target},tls=disabled image copy`,
);

export const SKOPEO_COPY: Contestant = {
  name: "skopeo copy",
  run: ({ source, target, repositories }) => {
    const lines = repositories.map(
      (repository) =>
        `skopeo --insecure-policy copy -q --all --preserve-digests --src-tls-verify=false --dest-tls-verify=false docker://${IMAGE(source, repository)} docker://${IMAGE(target, repository)}`,
    );
    return timed(["sh", "-ec", lines.join("\n")]);
  },
};

export const SKOPEO_SYNC: Contestant = {
  name: "skopeo sync",
  async run({ source, target, repositories }) {
    const folder = await mkdtemp(join(tmpdir(), "skerry-bench-"));
    const images = Object.fromEntries(repositories.map((repository) => [repository, ["v1"]]));
    await writeFile(join(folder, "sync.yaml"), JSON.stringify({ [source]: { "tls-verify": false, images } }));
    const words = [
      "--insecure-policy",
      "sync",
      "--all",
      "--preserve-digests",
      "--dest-tls-verify=false",
      "--src",
      "yaml",
      "--dest",
      "docker",
    ];
    const took = await timed(["skopeo", ...words, join(folder, "sync.yaml"), target]);
    await rm(folder, { recursive: true });
    return took;
  },
};

/** Runs a command to its end under time(1), which counts its children too. */
async function timed(command: readonly string[]): Promise<Took> {
  const folder = await mkdtemp(join(tmpdir(), "skerry-bench-"));
  const child = spawn("/usr/bin/time", ["-o", join(folder, "time"), "-f", "%e %U %S %M", ...command], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${command.join(" ").slice(0, 200)} ended with ${code}: ${Buffer.concat(stderr).toString().slice(-500)}`);
  const [seconds = 0, user = 0, system = 0, kib = 0] = (await readFile(join(folder, "time"), "utf8")).trim().split(" ").map(Number);
  await rm(folder, { recursive: true });
  return { seconds, cpuSeconds: user + system, peakMiB: kib / 1024, stdout: Buffer.concat(stdout).toString() };
}
