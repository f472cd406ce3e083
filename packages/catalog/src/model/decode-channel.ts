import { foldedMember } from "../scan/fold.ts";
import type { Channel, ChannelEntry } from "../types.ts";

/** What a document's body lacks to be what its schema says; the message names the field. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
}

/** A string member; missing and null are empty, as in Go. */
export function textMember(object: Readonly<Record<string, unknown>>, key: string, path: string): string {
  const value = foldedMember(object, key);
  if (value === undefined || value === null) return "";
  if (typeof value !== "string") throw new ShapeError(`${path}: expected text, got ${describe(value)}`);
  return value;
}

/** A list member; missing and null are empty. */
export function listMember(object: Readonly<Record<string, unknown>>, key: string, path: string): readonly unknown[] {
  const value = foldedMember(object, key);
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new ShapeError(`${path}: expected a list, got ${describe(value)}`);
  return value as readonly unknown[];
}

/** An element that must be an object; null is an empty one. */
export function objectElement(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw new ShapeError(`${path}: expected a map, got ${describe(value)}`);
  return value as Readonly<Record<string, unknown>>;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value === null) return "null";
  return typeof value === "object" ? "a map" : `${typeof value === "string" ? "text" : `a ${typeof value}`} ${JSON.stringify(value)}`;
}

/**
 * An `olm.channel` document as the model keeps it.
 *
 * @throws ShapeError for a member of the wrong type.
 */
export function decodeChannel(name: string, body: Readonly<Record<string, unknown>>): Channel {
  return { name, entries: listMember(body, "entries", "entries").map((entry, at) => decodeEntry(entry, `entries[${at}]`)) };
}

function decodeEntry(value: unknown, path: string): ChannelEntry {
  const entry = objectElement(value, path);
  const replaces = textMember(entry, "replaces", `${path}.replaces`);
  const skipRange = textMember(entry, "skipRange", `${path}.skipRange`);
  const skips = listMember(entry, "skips", `${path}.skips`).map((skip, at) => {
    if (skip === null) return "";
    if (typeof skip !== "string") throw new ShapeError(`${path}.skips[${at}]: expected text, got ${describe(skip)}`);
    return skip;
  });
  return {
    name: textMember(entry, "name", `${path}.name`),
    ...(replaces === "" ? {} : { replaces }),
    ...(skips.length === 0 ? {} : { skips }),
    ...(skipRange === "" ? {} : { skipRange }),
  };
}
