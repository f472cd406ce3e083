import { writeFile } from "node:fs/promises";
import { parseSelects } from "@skerry/catalog";
import { NEWEST_KNOWN_VERSION, parseClusterVersion } from "@skerry/cluster";
import { newConfigText, parseImageSetConfig } from "@skerry/mirror";
import { RefusedError } from "../../args/errors.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { shellWord } from "../../output/command-line.ts";
import { EXIT } from "../../output/error.ts";
import { escapeLine } from "../../output/escape.ts";
import type { InitFlags } from "./init.ts";

const FILE = "imageset.yaml";

/** Writes a new configuration that can be read back. */
export async function run(job: Job<InitFlags>): Promise<number> {
  const { flags } = job;
  const version = flags.version ?? NEWEST_KNOWN_VERSION;
  parseClusterVersion(version);
  const catalog =
    flags.catalog ??
    (await answer(job, "Catalog", `registry.redhat.io/redhat/redhat-operator-index:v${/^\d+\.\d+/.exec(version)?.[0] ?? version}`));
  const asked = flags.package.length > 0 ? "" : await answer(job, "Packages to keep, divided by blanks (empty: all)", "");
  const selects = flags.package.length > 0 ? flags.package : asked.split(/\s+/).filter((part) => part !== "");
  const text = newConfigText({
    catalog,
    packages: parseSelects(selects).packages ?? [],
    ...(flags.version === undefined ? {} : { clusterVersion: flags.version }),
  });
  const file = flags.config ?? FILE;
  // What was said may not fit together: a configuration that cannot be used is not written.
  parseImageSetConfig(text, { path: file });
  if (file === "-") {
    await job.out.text(text);
    return EXIT.done;
  }
  await writeNew(pathOf(job, file), { file, text });
  await job.out.result(
    { kind: "ConfigFile", file, catalog, packages: selects },
    { text: () => `Wrote ${escapeLine(file)}. Next: skerry plan -c ${escapeLine(shellWord(file))}\n`, names: () => [file] },
  );
  return EXIT.done;
}

/** What a person answers on a terminal; elsewhere the proposal. */
async function answer(job: Job<unknown>, question: string, proposal: string): Promise<string> {
  if (!job.world.stdin.isTTY) return proposal;
  const text = await job.world.stdin.ask(`${question}${proposal === "" ? "" : ` [${proposal}]`}: `);
  return text === undefined || text.trim() === "" ? proposal : text.trim();
}

async function writeNew(path: string, { file, text }: { readonly file: string; readonly text: string }): Promise<void> {
  try {
    await writeFile(path, text, { flag: "wx" });
  } catch (cause) {
    if (!(cause instanceof Error) || !("code" in cause) || cause.code !== "EEXIST") throw cause;
    throw new RefusedError(`${file} is there already and is not overwritten`, {
      subject: file,
      hint: "Name another file with --config, or move it away.",
    });
  }
}
