import type { ImageSetLock } from "./types.ts";

/** Top-level keys whose items get a line each, so that two locks diff well. */
const LINE_PER_ITEM = new Set(["catalogs", "images", "missing", "blobs", "problems"]);

/** A lock as text: JSON with sorted keys inside each item, one catalog, image, blob or problem a line. */
export function formatLock(lock: ImageSetLock): string {
  const parts = Object.entries(lock).map(
    ([key, value]) => `  ${JSON.stringify(key)}: ${LINE_PER_ITEM.has(key) && Array.isArray(value) ? lines(value) : stableJson(value)}`,
  );
  return `{\n${parts.join(",\n")}\n}\n`;
}

/** True when two locks say the same but for the time at which they were made. */
export function sameLock(a: ImageSetLock, b: ImageSetLock): boolean {
  return formatLock({ ...a, createdAt: "" }) === formatLock({ ...b, createdAt: "" });
}

/** JSON with the keys of every object sorted; undefined values are left out. */
export function stableJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stableJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${stableJson(item)}`).join(",")}}`;
}

function lines(items: readonly unknown[]): string {
  return items.length === 0 ? "[]" : `[\n${items.map((item) => `    ${stableJson(item)}`).join(",\n")}\n  ]`;
}
