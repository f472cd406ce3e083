import { OciError, type Reference, type Registries } from "@skerry/oci";
import { holdOutside } from "../../args/time-window.ts";
import type { Job } from "../../command/job.ts";
import { executeCopy } from "../../copy/execute.ts";
import { type CopiedImage, type CopyReport, copyExit, copyResult, copyText } from "../../copy/report.ts";
import { reusing } from "../../copy/reuse.ts";
import { prepareRows } from "../../copy/rows.ts";
import { chooseTags, parseTagChoice, type TagChoice } from "../../copy/tag-choice.ts";
import type { Mapping } from "../../mapping/mapping.ts";
import { parseRepositoryName } from "../../names/image-name.ts";
import { describeError, type ErrorShape } from "../../output/error.ts";
import { imageFault, noTags, Places } from "../../places/places.ts";
import { openRegistries } from "../../registries/open.ts";
import type { SyncFlags } from "./sync.ts";

/** Copies the chosen tags, and removes what is gone where that was asked for. */
export async function run(job: Job<SyncFlags>): Promise<number> {
  const startedAt = job.world.now();
  const source = parseRepositoryName(job.args[0] ?? "");
  const destination = parseRepositoryName(job.args[1] ?? "");
  const choice = parseTagChoice(job.flags);
  await using registries = await openRegistries(job, { sources: [source.registry], destinations: [destination.registry] });
  await using places = new Places(job, registries);
  const all = await listTags(registries, source, job.signal);
  // With --delete a name that was mistyped would empty the destination.
  if (all.length === 0) throw noTags(source.text, source.registry);
  const chosen = chooseTags(all, choice);
  if (chosen.length === 0) job.log.warn(`none of the ${all.length} tags of ${source.text} is chosen`);
  const mappings = chosen.map((tag) => mappingOf(source, destination, tag));
  const from = { places, registries, signal: job.signal };
  const rows = await reusing(await prepareRows(mappings, from), { job, from });
  const hold = holdOutside(job.flags.window, () => job.world.now());
  const dryRun = job.flags["dry-run"];
  const report = await executeCopy({ job, registries, rows, startedAt, dryRun, hold, finish: () => places.finish() });
  const deleted = mayRemove(job, report) ? await removeGone(job, { registries, destination, source: all, choice }) : [];
  const failed = deleted.flatMap((image): CopiedImage[] => (image.outcome === "failed" ? [{ ...image, outcome: "failed" }] : []));
  const copied = copyResult([...report.images, ...failed], job.signal.aborted);
  const removed = deleted.some((image) => image.outcome === "deleted");
  const result = { ...report, result: copied === "nothing-to-do" && removed ? ("done" as const) : copied, deleted };
  await job.out.result(result, {
    text: () =>
      deleted
        .map((image) => `${image.outcome}  ${image.destination}${image.error === undefined ? "" : `: ${image.error.message}`}\n`)
        .join("") + copyText(result),
    names: () => report.images.map((image) => image.destination),
  });
  return copyExit(result, job.signal);
}

/** What the destination has is left alone where the source did not come over whole. */
function mayRemove(job: Job<SyncFlags>, report: CopyReport): boolean {
  if (!job.flags.delete || job.signal.aborted) return false;
  if (report.images.every(({ outcome }) => outcome !== "failed" && outcome !== "skipped")) return true;
  job.log.warn("nothing is removed at the destination, because not every image was copied");
  return false;
}

async function listTags(registries: Registries, repository: Reference, signal: AbortSignal): Promise<readonly string[]> {
  return Array.fromAsync(registries.reader(repository.registry).tags({ repository: repository.repository }, { signal }));
}

function mappingOf(source: Reference, destination: Reference, tag: string): Mapping {
  const named = (reference: Reference): Mapping["source"] => {
    const text = `${reference.registry}/${reference.repository}:${tag}`;
    return { kind: "registry", reference: { registry: reference.registry, repository: reference.repository, tag, text }, text };
  };
  return { source: named(source), destinations: [named(destination)], text: tag };
}

interface RemovedTag {
  readonly origin: string;
  readonly destination: string;
  readonly outcome: "deleted" | "planned" | "failed";
  readonly error?: ErrorShape;
}

async function removeGone(
  job: Job<SyncFlags>,
  about: {
    readonly registries: Registries;
    readonly destination: Reference;
    readonly source: readonly string[];
    readonly choice: TagChoice;
  },
): Promise<readonly RemovedTag[]> {
  const { registry, repository } = about.destination;
  const writer = about.registries.writer(registry);
  const there = await Array.fromAsync(writer.tags({ repository }, { signal: job.signal })).catch(noneWhereMissing);
  const still = new Set(about.source);
  // The newest few are a choice among what the source has: what is gone is judged by pattern and range alone.
  const gone = chooseTags(there, { ...about.choice, newest: undefined }).filter((tag) => !still.has(tag));
  const removed: RemovedTag[] = [];
  for (const tag of gone) {
    const names = { origin: "", destination: `${registry}/${repository}:${tag}` };
    if (job.flags["dry-run"]) {
      removed.push({ ...names, outcome: "planned" });
      continue;
    }
    try {
      await writer.delete({ repository }, tag, { signal: job.signal });
      removed.push({ ...names, outcome: "deleted" });
    } catch (error) {
      removed.push({ ...names, outcome: "failed", error: describeError(imageFault(error)) });
    }
  }
  return removed;
}

function noneWhereMissing(error: unknown): string[] {
  if (error instanceof OciError && error.code === "NOT_FOUND") return [];
  throw error;
}
