/** A JSON object of unknown origin. Read its members with {@link member}, which never reaches the prototype. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The value when it is an object, else undefined. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** The list, or an empty one when it is none. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The text, or an empty one when it is none. */
export function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Follows own members only: `member(csv, "spec", "install", "strategy")`. */
export function member(value: unknown, ...path: readonly string[]): unknown {
  let at: unknown = value;
  for (const key of path) {
    const object = asObject(at);
    if (object === undefined || !Object.hasOwn(object, key)) return undefined;
    at = object[key];
  }
  return at;
}
