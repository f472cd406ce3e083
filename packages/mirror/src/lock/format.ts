import type { ImageSetLock } from "./types.ts";

/** Top-level keys whose items get a line each, so that two locks diff well. */
const LINE_PER_ITEM = new Set(["catalogs", "images", "missing", "blobs", "problems"]);

/** A lock as text: JSON with sorted keys inside each item, one catalog, image, blob or problem a line. */
export function formatLock(lock: ImageSetLock): string {
  return [...lockPieces(lock)].join("");
}

/** The text of {@link formatLock} in pieces of about a line: what is written or compared needs never be in memory as a whole. */
export function* lockPieces(lock: ImageSetLock): Generator<string> {
  let before = "{\n";
  for (const [key, value] of Object.entries(lock)) {
    yield `${before}  ${JSON.stringify(key)}: `;
    if (LINE_PER_ITEM.has(key) && Array.isArray(value)) yield* lines(value);
    else yield stableJson(value);
    before = ",\n";
  }
  yield "\n}\n";
}

/** True when two locks say the same but for the time at which they were made. */
export function sameLock(a: ImageSetLock, b: ImageSetLock): boolean {
  const others = lockPieces({ ...b, createdAt: "" });
  for (const piece of lockPieces({ ...a, createdAt: "" })) if (others.next().value !== piece) return false;
  return others.next().done === true;
}

/** JSON with the keys of every object sorted; undefined values are left out. */
export function stableJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stableJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${stableJson(item)}`).join(",")}}`;
}

function* lines(items: readonly unknown[]): Generator<string> {
  if (items.length === 0) {
    yield "[]";
    return;
  }
  let before = "[\n";
  for (const item of items) {
    yield `${before}    ${stableJson(item)}`;
    before = ",\n";
  }
  yield "\n  ]";
}
