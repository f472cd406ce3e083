import {
  type Gates,
  type Mounter,
  type PresenceRecord,
  type Reader,
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
    ...(options.only === undefined ? {} : { only: options.only }),
  });
  const report = await transfer([...roots], target.store, {
    gates: options.gates,
    tries: options.tries,
    hold: options.hold,
    journal,
    recheck: options.recheck,
    externalLayers: options.externalLayers,
    signal,
    onEvent: (event) => {
      if (options.failFast && event.event === "image.end" && event.outcome.outcome === "failed") stop.abort(new Error("an image failed"));
      options.onEvent?.(event);
    },
  });
  return { ...report, interrupted: options.signal?.aborted === true };
}
