import { UsageError } from "./errors.ts";

/** Hours of the day, in minutes after midnight, local time. An end before the start lies on the next day. */
export interface TimeWindow {
  readonly from: number;
  readonly to: number;
  /** As written. */
  readonly text: string;
}

/**
 * Reads `HH:MM-HH:MM`.
 * @throws UsageError when it is not of that form, or empty
 */
export function parseTimeWindow(text: string): TimeWindow {
  const match = /^([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-3]|24):([0-5]\d)$/.exec(text.trim());
  const [from, to] = match === null ? [0, 0] : [Number(match[1]) * 60 + Number(match[2]), Number(match[3]) * 60 + Number(match[4])];
  if (match === null || from === to || to > 24 * 60) {
    throw new UsageError(`expected HH:MM-HH:MM, got ${JSON.stringify(text)}`, { subject: text, hint: "Write it as 22:00-06:00." });
  }
  return { from, to, text: text.trim() };
}

/** True while the clock of this machine is inside of the window. */
export function isWithin(window: TimeWindow, now: Date): boolean {
  const minute = now.getHours() * 60 + now.getMinutes();
  return window.from < window.to ? minute >= window.from && minute < window.to : minute >= window.from || minute < window.to;
}

/** Keeps blobs from starting outside of a window, by the clock that `now` reads: the reason while it does, else undefined. */
export function holdOutside(window: TimeWindow | undefined, now: () => Date): (() => string | undefined) | undefined {
  if (window === undefined) return undefined;
  return () => (isWithin(window, now()) ? undefined : `it is outside of --window ${window.text}; the same command continues inside of it`);
}
