import { UsageError } from "./errors.ts";

const UNITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["b", 1],
  ["kb", 1000],
  ["mb", 1000 ** 2],
  ["gb", 1000 ** 3],
  ["tb", 1000 ** 4],
  ["pb", 1000 ** 5],
  ["kib", 1024],
  ["mib", 1024 ** 2],
  ["gib", 1024 ** 3],
  ["tib", 1024 ** 4],
  ["pib", 1024 ** 5],
]);

/**
 * Reads SIZE: `4095MiB`, `20MB`, `1.5GiB`, or a bare number of bytes.
 * @returns whole bytes
 * @throws UsageError when it is not of that form or no safe integer
 */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim());
  const unit = match === null ? undefined : UNITS.get((match[2] ?? "").toLowerCase());
  const bytes = match === null || unit === undefined ? Number.NaN : Math.floor(Number(match[1]) * unit);
  if (!Number.isSafeInteger(bytes)) {
    throw new UsageError(`cannot read size ${JSON.stringify(text)}`, {
      subject: text,
      hint: "Write it as 4095MiB, 20MB, 500GiB or a bare number of bytes.",
    });
  }
  return bytes;
}

const SHOWN = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** `1.9 GiB`, `512 B`: one decimal from KiB on. */
export function formatSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < SHOWN.length - 1) {
    value /= 1024;
    unit += 1;
  }
  // 1023.96 KiB would be shown as 1024.0 KiB.
  if (unit > 0 && unit < SHOWN.length - 1 && Number(value.toFixed(1)) >= 1024) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? String(value) : value.toFixed(1)} ${SHOWN[unit] ?? "B"}`;
}
