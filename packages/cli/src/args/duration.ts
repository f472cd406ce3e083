import { UsageError } from "./errors.ts";

const UNITS: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

/**
 * Reads DURATION: `90s`, `5m`, `2h`, `1h30m`, `250ms`.
 * @returns milliseconds
 * @throws UsageError when it is not of that form
 */
export function parseDuration(text: string): number {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  const read = parts.map((part) => part[0]).join("");
  if (read === "" || read !== text.trim()) {
    throw new UsageError(`cannot read duration ${JSON.stringify(text)}`, { subject: text, hint: "Write it as 90s, 5m or 2h." });
  }
  return Math.round(parts.reduce((sum, part) => sum + Number(part[1]) * (UNITS.get(part[2] ?? "") ?? 0), 0));
}

/** `850ms`, `14s`, `3m05s`, `2h10m`, `3d04h`. Takes milliseconds. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)}ms`;
  const seconds = Math.round(milliseconds / 1000);
  const pad = (value: number): string => String(value).padStart(2, "0");
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${pad(seconds % 60)}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h${pad(minutes % 60)}m`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)}d${pad(hours % 24)}h`;
}
