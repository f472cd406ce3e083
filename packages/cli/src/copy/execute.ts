import {
  type ImageGraph,
  OciError,
  type PlatformFilter,
  type Registries,
  type Root,
  type RootOutcome,
  type TransferReport,
  transfer,
  type Writer,
  walkImage,
} from "@skerry/oci";
import type { ContentFlags } from "../command/content-flags.ts";
import type { Job } from "../command/job.ts";
import type { RegistryFlags } from "../command/registry-flags.ts";
import { describeError } from "../output/error.ts";
import { inOrder } from "./in-order.ts";
import { platformMismatch, platformsOf } from "./platforms.ts";
import { PushProbes } from "./probe.ts";
import { probeSparse, withKeptManifests } from "./probe-sparse.ts";
import { addMoved, type CopiedImage, type CopyProblem, type CopyReport, copyResult, NOTHING_MOVED } from "./report.ts";
import { rewriteIndexes, rewriteProblems } from "./rewrite-index.ts";
import type { CopyRow } from "./rows.ts";

export interface CopyRun {
  readonly job: Job<ContentFlags & Pick<RegistryFlags, "retries">>;
  readonly registries: Registries;
  readonly rows: readonly CopyRow[];
  readonly startedAt: Date;
  readonly dryRun: boolean;
  /** Places that were asked already whether we may push there. */
  readonly pushes?: PushProbes;
  /** Why no blob may start now, asked before each. */
  readonly hold?: (() => string | undefined) | undefined;
  /** Called when everything was written. */
  readonly finish: () => Promise<void>;
}

/**
 * Copies the rows, or says what would be copied. Failures are rows; nothing is thrown for a single image.
 * @throws RefusedError `PUSH_DENIED`, `SPARSE_REFUSED`, `INDEX_REWRITTEN` before anything moves
 */
export async function executeCopy(run: CopyRun): Promise<CopyReport> {
  const { job, registries } = run;
  const filter = platformsOf(job.flags);
  const known = filter === undefined ? run.rows : withKeptManifests(run.rows);
  const rows = await rewriteIndexes(known, { flags: job.flags, signal: job.signal });
  const problems = filter === undefined ? [] : [...(await mismatches(rows, job)), ...rewriteProblems(rows)];
  const ready = rows.filter((row) => row.error === undefined);
  const failed = new Map(rows.flatMap((row) => (row.error === undefined ? [] : [[row.id, row.error] as const])));
  if (!run.dryRun) await (run.pushes ?? new PushProbes(registries, job.signal)).check(ready);
  if (!run.dryRun && filter !== undefined) await probeSparse(ready, { registries, platforms: filter, signal: job.signal });
  const done = run.dryRun ? await planRows({ ...run, rows }, filter) : await copyRows({ ...run, rows }, filter);
  const images = rows.flatMap((row) => imageOf(row, { error: failed.get(row.id), done }));
  const interrupted = job.signal.aborted || done.interrupted;
  if (!run.dryRun && ready.length > 0 && !interrupted) await run.finish();
  return {
    kind: "CopyReport",
    result: copyResult(images, interrupted),
    startedAt: run.startedAt.toISOString(),
    endedAt: job.world.now().toISOString(),
    images,
    moved: done.moved,
    requests: registries.requests(),
    retries: registries.retries() + done.retries,
    catalogs: [],
    problems,
    files: {},
  };
}

interface Done {
  readonly outcomes: ReadonlyMap<string, RootOutcome>;
  readonly planned: ReadonlyMap<string, ImageGraph>;
  readonly moved: CopyReport["moved"];
  readonly retries: number;
  readonly interrupted: boolean;
}

async function copyRows(run: CopyRun, filter: PlatformFilter | undefined): Promise<Done> {
  const { job, registries } = run;
  const byWriter = new Map<Writer, CopyRow[]>();
  for (const row of run.rows) {
    if (row.error !== undefined || row.target === undefined) continue;
    byWriter.set(row.target.writer, [...(byWriter.get(row.target.writer) ?? []), row]);
  }
  job.progress.start({ images: run.rows.filter((row) => row.error === undefined).length });
  const reports: TransferReport[] = [];
  for (const [writer, rows] of byWriter) {
    if (job.signal.aborted) break;
    const roots = rows.flatMap((row) => rootOf(row, job.flags, filter));
    reports.push(
      await transfer(roots, writer, {
        gates: registries.gates,
        perHost: undefined,
        externalLayers: job.flags["external-layers"],
        signal: job.signal,
        hold: run.hold,
        tries: job.flags.retries + 1,
        onEvent: (event) => job.progress.event(event),
      }),
    );
  }
  job.progress.stop();
  return {
    outcomes: new Map(reports.flatMap((report) => report.outcomes).map((outcome) => [outcome.id, outcome])),
    planned: new Map(),
    moved: reports.map((report) => report.moved).reduce(addMoved, NOTHING_MOVED),
    retries: reports.reduce((sum, report) => sum + report.retries, 0),
    interrupted: reports.some((report) => report.interrupted),
  };
}

async function planRows(run: CopyRun, filter: PlatformFilter | undefined): Promise<Done> {
  const { job } = run;
  const planned = new Map<string, ImageGraph>();
  const outcomes = new Map<string, RootOutcome>();
  await inOrder(run.rows, async (row) => {
    if (row.found === undefined || row.error !== undefined) return;
    try {
      const graph = await walkImage(row.found.reader, row.found.at, row.found.descriptor, {
        platforms: filter,
        referrers: row.target?.takesReferrers === false ? "none" : job.flags.referrers,
        externalLayers: job.flags["external-layers"],
        signal: job.signal,
      });
      planned.set(row.id, graph);
    } catch (error) {
      if (!(error instanceof OciError)) throw error;
      outcomes.set(row.id, { id: row.id, outcome: "failed", descriptor: row.found.descriptor, error });
    }
  });
  return { outcomes, planned, moved: NOTHING_MOVED, retries: 0, interrupted: false };
}

function rootOf(row: CopyRow, flags: ContentFlags, filter: PlatformFilter | undefined): readonly Root[] {
  if (row.found === undefined || row.target === undefined) return [];
  const { reader, at, descriptor } = row.found;
  return [
    {
      id: row.id,
      source: reader,
      from: at,
      descriptor,
      to: row.target.at,
      tags: row.tags,
      ...(row.last === true ? { phase: 1 } : {}),
      ...(filter === undefined ? {} : { platforms: filter }),
      ...(row.looked === undefined ? {} : { looked: row.looked }),
      referrers: row.target.takesReferrers ? flags.referrers : "none",
    },
  ];
}

function imageOf(row: CopyRow, known: { readonly error: OciError | undefined; readonly done: Done }): readonly CopiedImage[] {
  const rewritten = row.rewrittenFrom === undefined ? {} : { rewrittenFrom: row.rewrittenFrom };
  const names = { origin: row.origin, destination: row.destination, ...rewritten };
  if (known.error !== undefined) return [{ ...names, outcome: "failed", error: describeError(known.error) }];
  const outcome = known.done.outcomes.get(row.id);
  const digest = row.found?.descriptor.digest;
  if (outcome !== undefined) {
    return [
      {
        ...names,
        digest: outcome.descriptor.digest,
        outcome: outcome.outcome,
        ...(outcome.error === undefined ? {} : { error: describeError(outcome.error) }),
        ...(outcome.reason === undefined ? {} : { reason: outcome.reason }),
      },
    ];
  }
  const graph = known.done.planned.get(row.id);
  return graph === undefined || digest === undefined ? [] : [{ ...names, digest, outcome: "planned", totalBytes: graph.totalBytes }];
}

async function mismatches(rows: readonly CopyRow[], job: Job<ContentFlags>): Promise<readonly CopyProblem[]> {
  const problems = await inOrder(rows, async ({ found, origin }) =>
    found === undefined ? undefined : await platformMismatch(found, { origin, flags: job.flags, signal: job.signal }),
  );
  return problems.filter((problem) => problem !== undefined);
}
