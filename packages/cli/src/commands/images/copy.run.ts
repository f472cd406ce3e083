import { UsageError } from "../../args/errors.ts";
import { holdOutside } from "../../args/time-window.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { Ahead } from "../../copy/ahead.ts";
import { executeCopy } from "../../copy/execute.ts";
import { copyExit, copyText } from "../../copy/report.ts";
import { reusing } from "../../copy/reuse.ts";
import { expandTags, prepareRows } from "../../copy/rows.ts";
import { type ParsedMappings, parseMappingArguments, parseMappingFile } from "../../mapping/mapping.ts";
import { hostsOf, Places } from "../../places/places.ts";
import { readTextInput } from "../../places/text-input.ts";
import { openRegistries } from "../../registries/open.ts";
import type { CopyFlags } from "./copy.ts";

/** Copies what arguments and mapping file name. */
export async function run(job: Job<CopyFlags>): Promise<number> {
  const startedAt = job.world.now();
  const { mappings, faults } = await allMappings(job);
  if (faults.length > 0) throw refuse(job, faults);
  if (mappings.length === 0) {
    throw new UsageError("nothing to copy", { hint: "Name SRC and DST, or a mapping file with -f." });
  }
  const ends = {
    sources: hostsOf(mappings.map((mapping) => mapping.source)),
    destinations: hostsOf(mappings.flatMap((mapping) => mapping.destinations)),
  };
  await using registries = await openRegistries(job, ends);
  await using places = new Places(job, registries);
  const from = { places, registries, signal: job.signal };
  const dryRun = job.flags["dry-run"];
  const single = await expandTags(mappings, from);
  const ahead = dryRun ? undefined : new Ahead(single, from);
  const found = await reusing(await prepareRows(single, from), { job, from });
  const rows = ahead?.informed(found) ?? found;
  const hold = holdOutside(job.flags.window, () => job.world.now());
  const finish = (): Promise<void> => places.finish();
  const pushes = ahead === undefined ? {} : { pushes: ahead.pushes };
  const report = await executeCopy({ job, registries, rows, startedAt, dryRun, hold, finish, ...pushes });
  await job.out.result(report, { text: () => copyText(report), names: () => report.images.map((image) => image.destination) });
  return copyExit(report, job.signal);
}

async function allMappings(job: Job<CopyFlags>): Promise<ParsedMappings> {
  const given = parseMappingArguments(job.args);
  const { filename } = job.flags;
  if (filename === undefined) return given;
  const text = await readTextInput(job, filename === "-" ? "-" : pathOf(job, filename));
  const file = parseMappingFile(text);
  if (file.mappings.length === 0 && file.faults.length === 0) {
    throw new UsageError(`no mapping in ${filename}`, { subject: filename, hint: "Write SRC=DST, one a line." });
  }
  return { mappings: [...given.mappings, ...file.mappings], faults: [...given.faults, ...file.faults] };
}

function refuse(job: Job<CopyFlags>, faults: ParsedMappings["faults"]): UsageError {
  for (const fault of faults) {
    const where =
      fault.line === undefined ? "" : `${job.flags.filename === "-" ? "stdin" : (job.flags.filename ?? "")}, line ${fault.line}: `;
    job.log.error(`${where}${fault.message}${fault.hint === undefined ? "" : `. ${fault.hint}`}`);
  }
  return new UsageError(`${faults.length} of the mappings cannot be used; nothing was copied`, { subject: job.flags.filename });
}
