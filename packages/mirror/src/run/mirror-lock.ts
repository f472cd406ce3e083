import {
  type Gates,
  type Mounter,
  type PresenceRecord,
  type Reader,
  type RootOutcome,
  type TransferEvent,
  type TransferReport,
  transfer,
  type Writer,
} from "@skerry/oci";
import type { ImageSetLock } from "../lock/types.ts";
import type { LockedImage } from "../plan/types.ts";
import { CatalogGuards, type PartialCatalog } from "./guard.ts";
import { lockRoots, type SourceOf } from "./roots.ts";

/** A target registry. */
export interface MirrorTarget {
  /** As the user wrote it: `docker://HOST/PREFIX`. */
  readonly text: string;
  readonly store: Reader & Writer & Partial<Mounter>;
  readonly host: string;
  readonly prefix: string;
  readonly maxNestedPaths: number;
}

export interface MirrorOptions {
  readonly partialCatalog: PartialCatalog;
  /** Trusts no record of earlier runs and looks at every child. */
  readonly recheck: boolean;
  readonly externalLayers: "keep" | "include";
  /** Stops beginning images when one has failed. */
  readonly failFast: boolean;
  readonly gates?: Gates | undefined;
  /** Asked before each blob: a text keeps it from starting, as outside of a time window. */
  readonly hold?: (() => string | undefined) | undefined;
  /** Tries of one blob, the first included. */
  readonly tries?: number | undefined;
  /** Brings content as far as it is at hand and tags nothing; an image that stays incomplete is left out of the outcomes. */
  readonly contentOnly?: boolean | undefined;
  /** The images that take part; missing: all. */
  readonly only?: (image: LockedImage) => boolean;
  readonly onEvent?: ((event: TransferEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Brings the images of a lock to a registry: what is there already costs one look, what is missing moves once, catalogs go last.
 * Ends with a report; images that failed are values in it.
 */
export async function mirrorLock(
  lock: ImageSetLock,
  target: MirrorTarget,
  how: { readonly options: MirrorOptions; readonly source: SourceOf; readonly journal: PresenceRecord },
): Promise<TransferReport> {
  const { options, source, journal } = how;
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const roots = lockRoots({
    lock,
    source,
    prefix: target.prefix,
    maxNestedPaths: target.maxNestedPaths,
    guards: new CatalogGuards(lock, options.partialCatalog),
    untagged: options.contentOnly,
    ...(options.only === undefined ? {} : { only: options.only }),
  });
  const report = await transfer(roots, target.store, {
    gates: options.gates,
    tries: options.tries,
    hold: options.hold,
    journal: options.contentOnly === true ? blobsOf(journal) : journal,
    recheck: options.recheck,
    externalLayers: options.externalLayers,
    signal,
    onEvent: (event) => {
      if (options.failFast && event.event === "image.end" && event.outcome.outcome === "failed") stop.abort(new Error("an image failed"));
      options.onEvent?.(options.contentOnly === true ? withoutWaiting(event) : event);
    },
  });
  const outcomes = options.contentOnly === true ? report.outcomes.filter((outcome) => !waits(outcome)) : report.outcomes;
  return { ...report, outcomes, interrupted: options.signal?.aborted === true };
}

/** The rest of the image is somewhere else. */
function waits({ error }: RootOutcome): boolean {
  return error?.code === "NOT_FOUND" && error.side === "source";
}

function withoutWaiting(event: TransferEvent): TransferEvent {
  if (event.event !== "image.end" || !waits(event.outcome)) return event;
  const { id, descriptor } = event.outcome;
  return { ...event, outcome: { id, descriptor, outcome: "skipped", reason: "the rest of it comes with the archive that lacked it" } };
}

/** A record of blobs alone: an image without its tag is not there as the next run will ask for it. */
function blobsOf(journal: PresenceRecord): PresenceRecord {
  return {
    knows: (target) => journal.knows(target),
    hasBlob: (...asked) => journal.hasBlob(...asked),
    holder: (...asked) => journal.holder(...asked),
    covers: () => false,
    addBlob: (...added) => journal.addBlob(...added),
    addRoot: () => undefined,
    flush: () => journal.flush(),
  };
}
