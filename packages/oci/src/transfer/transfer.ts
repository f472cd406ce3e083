import { OciError } from "../errors.ts";
import { SignatureTags } from "../graph/signature-tags.ts";
import type { Writer } from "../store/types.ts";
import { BlobPlacer } from "./blobs.ts";
import { copyImage, type ImageWork, targetName } from "./image.ts";
import { KnownContent } from "./known-content.ts";
import { ManifestPlacer } from "./manifests.ts";
import { sided, stoppedBy } from "./retry.ts";
import { Streams } from "./streams.ts";
import { Tally } from "./tally.ts";
import type { Root, RootOutcome, TransferEvent, TransferOptions, TransferReport } from "./types.ts";
import { inPhases } from "./window.ts";

/**
 * Copies images to a store. Roots are taken in order through a window; each blob is moved once; a failed image stops no other
 * one. Everything expected is an outcome in the report, nothing is thrown for a root.
 * @throws OciError only when the list of roots itself fails
 */
export async function transfer(
  roots: Iterable<Root> | AsyncIterable<Root>,
  target: Writer,
  options: TransferOptions = {},
): Promise<TransferReport> {
  const tally = new Tally();
  const outcomes = new Map<string, RootOutcome>();
  const onEvent = (event: TransferEvent): void => {
    if (event.event === "retry") tally.retries++;
    options.onEvent?.(event);
  };
  const work = workFor(target, { options: { ...options, onEvent }, tally, outcomes });
  const places = new Map<string, number>();

  async function one(root: Root, order: number): Promise<void> {
    if (places.has(root.id)) throw new OciError({ code: "CONFIG_INVALID", message: `Two roots have the id ${root.id}`, subject: root.id });
    places.set(root.id, order);
    onEvent({ event: "image.start", id: root.id });
    const outcome = await ended(work, root, order);
    outcomes.set(root.id, outcome);
    onEvent({ event: "image.end", id: root.id, outcome });
  }

  try {
    await inPhases(roots, one, { window: options.window ?? 64, signal: options.signal });
  } finally {
    await options.journal?.flush();
  }
  return {
    outcomes: [...outcomes.values()].sort((a, b) => (places.get(a.id) ?? 0) - (places.get(b.id) ?? 0)),
    moved: tally.moved,
    retries: tally.retries,
    interrupted: options.signal?.aborted === true,
  };
}

/** One image to its end; what it throws becomes its outcome. */
async function ended(work: ImageWork, root: Root, order: number): Promise<RootOutcome> {
  const finished = Promise.withResolvers<boolean>();
  const holder = { repository: root.to.repository, order, finished: finished.promise };
  const owner = { holder, source: root.source, from: root.from, to: root.to };
  const base = { id: root.id, descriptor: root.descriptor };
  try {
    const outcome = await copyImage(work, root, owner);
    finished.resolve(outcome.outcome !== "skipped");
    return { ...base, ...outcome };
  } catch (error) {
    finished.resolve(false);
    const failure = stoppedBy(error, work.options.signal) ?? sided(error, "target");
    const held = work.options.signal?.aborted === true ? undefined : work.options.hold?.();
    if (failure.code === "ABORTED" && held !== undefined) return { ...base, outcome: "skipped", reason: held };
    return { ...base, outcome: "failed", error: failure.subject === undefined ? failure.with({ subject: targetName(root) }) : failure };
  }
}

interface Shared {
  readonly options: TransferOptions & { readonly onEvent: (event: TransferEvent) => void };
  readonly tally: Tally;
  readonly outcomes: ReadonlyMap<string, RootOutcome>;
}

function workFor(target: Writer, { options, tally, outcomes }: Shared): ImageWork {
  const known = new KnownContent(target, options.journal);
  const streams = new Streams({ total: options.concurrency ?? 32, perHost: (host) => streamsFrom(host, target.host, options) });
  const { gates, signal, hold, backoffMs = 200 } = options;
  const blobs = new BlobPlacer({
    target,
    known,
    streams,
    tally,
    gates,
    signal,
    hold,
    tries: options.tries ?? 5,
    backoffMs,
    onEvent: options.onEvent,
  });
  const manifests = new ManifestPlacer({ target, blobs, tally, backoffMs, signal });
  return { target, known, blobs, manifests, signatureTags: new SignatureTags(), record: options.journal, outcomes, options };
}

/** As many as the gate of the source lets through, that of the target for a disk, so that the order of the rest stays open. */
function streamsFrom(host: string, target: string | undefined, { perHost, gates }: TransferOptions): number {
  const asked = host === "" ? target : host;
  return perHost ?? (asked === undefined ? undefined : gates?.of(asked).limit) ?? 8;
}
