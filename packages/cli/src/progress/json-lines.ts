import { describeError } from "../output/error.ts";
import { escapeJson } from "../output/escape.ts";
import type { Screen } from "../output/screen.ts";
import { Tally } from "./tally.ts";
import type { Progress, ProgressEvent } from "./types.ts";

const BYTES_EVERY_MS = 250;

/** The event lines of section 7 of the contract, one JSON object a line, at most four `blob.bytes` a second. */
export function jsonProgress(screen: Screen, now: () => number): Progress {
  const tally = new Tally();
  let bytesAt = Number.NEGATIVE_INFINITY;
  return {
    start: (totals) => tally.start(totals),
    event: (event) => {
      tally.take(event);
      const at = now();
      if (event.event === "blob.bytes") {
        if (at - bytesAt < BYTES_EVERY_MS) return;
        bytesAt = at;
      }
      screen.line(escapeJson(JSON.stringify({ at: new Date(at).toISOString(), ...fields(event), ...figures(event, tally, at) })));
    },
    stop: () => undefined,
  };
}

function fields(event: ProgressEvent): Record<string, unknown> {
  switch (event.event) {
    case "image.start":
      return { event: event.event, ...idOf(event.id) };
    case "image.end": {
      const { outcome } = event;
      return {
        event: event.event,
        ...idOf(event.id),
        digest: outcome.descriptor.digest,
        outcome: outcome.outcome,
        ...(outcome.error === undefined ? {} : { error: describeError(outcome.error) }),
        ...(outcome.reason === undefined ? {} : { reason: outcome.reason }),
      };
    }
    case "blob.start":
      return { event: event.event, digest: event.digest, bytes: event.size, repository: event.to };
    case "blob.end":
      return { event: event.event, digest: event.digest, bytes: event.size, outcome: event.how };
    case "blob.bytes":
      return { event: event.event, digest: event.digest, bytes: event.bytes };
    case "retry":
      return "error" in event
        ? { event: event.event, subject: event.subject, attempt: event.attempt, error: describeError(event.error) }
        : { ...event };
    default:
      return { ...event };
  }
}

/** An image as `ORIGIN -> DESTINATION`, and its origin by itself. */
function idOf(id: string): Record<string, unknown> {
  const [origin, destination] = id.split("\0");
  return destination === undefined ? { id } : { id: `${origin} -> ${destination}`, origin };
}

function figures(event: ProgressEvent, tally: Tally, now: number): Record<string, unknown> {
  if (event.event !== "blob.bytes" && event.event !== "image.end") return {};
  const left = tally.secondsLeft(now);
  return {
    doneBytes: tally.shownBytes,
    ...(tally.totals.bytes === undefined ? {} : { totalBytes: tally.totals.bytes }),
    ...(left === undefined ? {} : { etaSeconds: left }),
  };
}
