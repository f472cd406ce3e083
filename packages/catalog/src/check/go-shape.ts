import { foldedMember } from "../scan/fold.ts";

/** What Go's decoder expects of a value. A missing member and null fit everywhere. */
export type GoShape =
  | "text"
  | "bool"
  | "int"
  | "any"
  | "base64"
  | { readonly list: GoShape }
  | { readonly map: GoShape }
  | { readonly members: Readonly<Record<string, GoShape>> };

/** The first place where a value does not fit: its path and what was expected. */
export function shapeFault(value: unknown, shape: GoShape, path: string): string | undefined {
  return fits(value, shape) ? undefined : faultAt(value, shape, path);
}

/** The verdict alone, without the paths: nearly every value of a catalog fits. */
function fits(value: unknown, shape: GoShape): boolean {
  if (value === null || value === undefined || shape === "any") return true;
  switch (shape) {
    case "text":
      return typeof value === "string";
    case "bool":
      return typeof value === "boolean";
    case "int":
      return typeof value === "number" && Number.isInteger(value);
    case "base64":
      return typeof value === "string" && isBase64(value);
  }
  if ("list" in shape) return Array.isArray(value) && value.every((item) => fits(item, shape.list));
  if (typeof value !== "object" || Array.isArray(value)) return false;
  const object = value as Readonly<Record<string, unknown>>;
  if ("map" in shape) return Object.keys(object).every((key) => fits(object[key], shape.map));
  for (const key in shape.members) {
    const member = shape.members[key];
    if (member !== undefined && member !== "any" && !fits(foldedMember(object, key), member)) return false;
  }
  return true;
}

function faultAt(value: unknown, shape: GoShape, path: string): string | undefined {
  if (value === null || value === undefined || shape === "any") return undefined;
  switch (shape) {
    case "text":
      return typeof value === "string" ? undefined : `${path}: expected text, got ${kind(value)}`;
    case "bool":
      return typeof value === "boolean" ? undefined : `${path}: expected true or false, got ${kind(value)}`;
    case "int":
      return typeof value === "number" && Number.isInteger(value) ? undefined : `${path}: expected an integer, got ${kind(value)}`;
    case "base64":
      if (typeof value !== "string") return `${path}: expected base64 text, got ${kind(value)}`;
      return isBase64(value) ? undefined : `${path}: it is no base64`;
  }
  if ("list" in shape) {
    if (!Array.isArray(value)) return `${path}: expected a list, got ${kind(value)}`;
    return firstFault(value, (item, at) => faultAt(item, shape.list, `${path}[${at}]`));
  }
  if (typeof value !== "object" || Array.isArray(value)) return `${path}: expected a map, got ${kind(value)}`;
  const object = value as Readonly<Record<string, unknown>>;
  if ("map" in shape) return firstFault(Object.keys(object), (key) => faultAt(object[key], shape.map, `${path}.${key}`));
  return firstFault(Object.keys(shape.members), (key) => {
    const member = shape.members[key];
    return member === undefined ? undefined : faultAt(foldedMember(object, key), member, path === "" ? key : `${path}.${key}`);
  });
}

function firstFault<T>(items: readonly T[], fault: (item: T, at: number) => string | undefined): string | undefined {
  for (const [at, item] of items.entries()) {
    const found = fault(item, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Standard alphabet with padding; line ends are skipped, as Go does. */
export function isBase64(text: string): boolean {
  const plain = text.includes("\n") || text.includes("\r") ? text.replaceAll(/[\r\n]/g, "") : text;
  return plain.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(plain);
}

function kind(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a map" : `${typeof value} ${JSON.stringify(value)}`;
}
