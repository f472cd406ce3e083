import { formatDuration } from "../args/duration.ts";
import { formatSize } from "../args/size.ts";
import { paint } from "../output/color.ts";
import { escapeLine } from "../output/escape.ts";
import type { Screen } from "../output/screen.ts";
import { cutLine } from "../output/table.ts";
import { outcomeLine } from "./outcome-line.ts";
import { Tally } from "./tally.ts";
import type { Progress, ProgressEvent } from "./types.ts";

const MAX_BLOBS = 8;
const BAR = 24;
const REDRAW_MS = 100;

/** A live region on a terminal: the totals, and below them the blobs on their way. Images that failed stay as lines. */
export function liveProgress(screen: Screen, now: () => number): Progress {
  const tally = new Tally();
  let drawnAt = 0;
  let pending: ReturnType<typeof setTimeout> | undefined;
  let shown = false;
  let planning: string | undefined;
  const region = {
    lines: (columns: number): readonly string[] =>
      planning === undefined
        ? [totalsLine(tally, now(), columns, screen.color), ...blobLines(tally, columns, screen.color)]
        : [paint("bold", cutLine(planning, columns - 1), screen.color)],
  };
  const draw = (): void => {
    pending = undefined;
    drawnAt = now();
    screen.redraw();
  };
  const soon = (): void => {
    if (pending !== undefined || !shown) return;
    pending = setTimeout(draw, Math.max(0, REDRAW_MS - (now() - drawnAt)));
    pending.unref();
  };
  return {
    start: (totals) => {
      planning = undefined;
      tally.start(totals);
      shown = true;
      screen.show(region);
    },
    event: (event) => {
      const line = planLine(event);
      if (line !== undefined) {
        planning = line;
        if (!shown) screen.show(region);
        shown = true;
      }
      tally.take(event);
      if (event.event === "image.end" && event.outcome.outcome === "failed") screen.line(outcomeLine(event.outcome, tally.totals.label));
      soon();
    },
    stop: () => {
      if (pending !== undefined) clearTimeout(pending);
      pending = undefined;
      if (shown) screen.show(undefined);
      shown = false;
    },
  };
}

/** What a plan is at, while nothing moves yet. */
function planLine(event: ProgressEvent): string | undefined {
  if (event.event === "plan.start") return "Planning: reading catalogs";
  if (event.event !== "plan.image" || !("total" in event)) return undefined;
  return `Planning: asked about ${String(event["done"])} of ${String(event["total"])} images`;
}

function totalsLine(tally: Tally, now: number, columns: number, color: boolean): string {
  const { images, bytes } = tally.totals;
  const parts = [`${tally.imagesDone}${images === undefined ? "" : `/${images}`} images`];
  parts.push(bytes === undefined ? formatSize(tally.shownBytes) : `${formatSize(tally.shownBytes)}/${formatSize(bytes)}`);
  parts.push(`${formatSize(Math.round(tally.bytesPerSecond(now)))}/s`);
  const left = tally.secondsLeft(now);
  if (left !== undefined) parts.push(`${formatDuration(left * 1000)} left`);
  if (tally.imagesFailed > 0) parts.push(`${tally.imagesFailed} failed`);
  if (tally.retries > 0) parts.push(`${tally.retries} retries`);
  return paint("bold", cutLine(parts.join("  "), columns - 1), color);
}

function blobLines(tally: Tally, columns: number, color: boolean): readonly string[] {
  const blobs = [...tally.active.values()].sort((a, b) => b.size - b.done - (a.size - a.done));
  const lines = blobs.slice(0, MAX_BLOBS).map((blob) => {
    const share = blob.size === 0 ? 1 : Math.min(1, blob.done / blob.size);
    const full = Math.floor(share * BAR);
    const bar = `${"━".repeat(full)}${"─".repeat(BAR - full)}`;
    const text = `  ${bar} ${String(Math.floor(share * 100)).padStart(3)}%  ${formatSize(blob.size).padStart(10)}  ${blob.digest.replace(/^sha(?:256|512):/, "").slice(0, 12)}  ${escapeLine(blob.to)}`;
    return paint("dim", cutLine(text, columns - 1), color);
  });
  return blobs.length > MAX_BLOBS ? [...lines, `  and ${blobs.length - MAX_BLOBS} more`] : lines;
}
