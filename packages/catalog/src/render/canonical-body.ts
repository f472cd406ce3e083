import { foldKey } from "../scan/fold.ts";

/** Names of members, and below them those of their values. */
interface Names {
  readonly [name: string]: Names | null;
}

const PROPERTY: Names = { type: null, value: null };

/** Members of the known documents, as deep as their encoding knows them. A list has the names of its elements. */
const DOCUMENTS: Readonly<Record<string, Names>> = {
  "olm.package": {
    schema: null,
    name: null,
    defaultChannel: null,
    icon: { base64data: null, mediatype: null },
    description: null,
    properties: PROPERTY,
  },
  "olm.channel": {
    schema: null,
    name: null,
    package: null,
    entries: { name: null, replaces: null, skips: null, skipRange: null },
    properties: PROPERTY,
  },
  "olm.bundle": { schema: null, name: null, package: null, image: null, properties: PROPERTY, relatedImages: { name: null, image: null } },
  "olm.deprecations": {
    schema: null,
    package: null,
    name: null,
    entries: { reference: { schema: null, name: null }, message: null },
  },
};

/**
 * The body of a known document with its keys in their proper case, as Go's decoder takes them. Bodies that are proper
 * already come back as they are.
 */
export function canonicalBody(schema: string, body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const names = Object.hasOwn(DOCUMENTS, schema) ? DOCUMENTS[schema] : undefined;
  return names === undefined ? body : (canonical(body, names) as Readonly<Record<string, unknown>>);
}

function canonical(value: unknown, names: Names): unknown {
  if (Array.isArray(value)) {
    const list = value.map((item) => canonical(item, names));
    return list.every((item, at) => item === value[at]) ? value : list;
  }
  if (typeof value !== "object" || value === null) return value;
  const own = value as Readonly<Record<string, unknown>>;
  return isProper(own, names) ? value : properCopy(own, names);
}

/** Nothing has to be renamed, here or below. */
function isProper(value: unknown, names: Names): boolean {
  if (Array.isArray(value)) return value.every((item) => isProper(item, names));
  if (typeof value !== "object" || value === null) return true;
  const own = value as Readonly<Record<string, unknown>>;
  return Object.keys(own).every((key) => {
    const name = Object.hasOwn(names, key) ? key : properName(key, names);
    const below = name === undefined ? null : (names[name] ?? null);
    return (name === undefined || name === key) && (below === null || isProper(own[key], below));
  });
}

function properCopy(own: Readonly<Record<string, unknown>>, names: Names): Readonly<Record<string, unknown>> {
  const result: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(own)) {
    const name = Object.hasOwn(names, key) ? key : properName(key, names);
    const below = name === undefined ? null : (names[name] ?? null);
    const inner = below === null ? own[key] : canonical(own[key], below);
    // The exact spelling wins over another case of it.
    if (name === undefined || name === key || !Object.hasOwn(own, name)) result[name ?? key] = inner;
  }
  return result;
}

function properName(key: string, names: Names): string | undefined {
  const folded = foldKey(key);
  return Object.keys(names).find((name) => foldKey(name) === folded);
}
