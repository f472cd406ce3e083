import fc from "fast-check";

/** Values that publishers, or attackers, put where something else is expected. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "",
    "../../etc/passwd",
    "/etc/passwd",
    "a/b",
    "..",
    ".",
    "con\u0000trol",
    "\u001b[31mred",
    "__proto__",
    "constructor",
    "toString",
    "a".repeat(300),
    "ä😀\u2028",
    "\ud800",
    "1.0.0",
    "v1.0.0",
    ">=1.0.0 <2.0.0",
    "quay.io/a/b:v1",
    `quay.io/a/b@sha256:${"c".repeat(64)}`,
    "oci://quay.io/a/b:v1",
    "{",
    "null",
  ),
  fc.string({ unit: "binary", maxLength: 20 }),
);

/** Any JSON value, with keys that mean something to JavaScript among them. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: hostileText },
  fc.constantFrom(null, true, false, 0, -0, 1e300, -1, 1.5, [], {}),
  fc.jsonValue({ maxDepth: 3 }),
  fc.array(hostileText, { maxLength: 3 }),
  fc.dictionary(fc.oneof(fc.constantFrom("__proto__", "name", "image", "data", "value", "type", "version"), hostileText), hostileText, {
    maxKeys: 3,
  }),
  fc.integer({ min: 1, max: 150 }).map((depth) => {
    let value: unknown = "deep";
    for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { value };
    return value;
  }),
);

/** How to damage a tree: at which of its values, and what goes there instead. */
export interface Damage {
  readonly at: number;
  readonly how: "replace" | "remove" | "repeat";
  readonly value: unknown;
}

export const damage: fc.Arbitrary<Damage> = fc.record({
  at: fc.nat(),
  how: fc.constantFrom("replace", "remove", "repeat"),
  value: hostileValue,
});

/** A copy of a tree with one of its values damaged. */
export function damaged(tree: unknown, { at, how, value }: Damage): unknown {
  const copy: unknown = structuredClone(tree);
  const places: { readonly holder: Record<string, unknown> | unknown[]; readonly key: string }[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const key of Object.keys(node)) {
      places.push({ holder: node as Record<string, unknown>, key });
      visit((node as Record<string, unknown>)[key]);
    }
  };
  visit(copy);
  const place = places[at % Math.max(1, places.length)];
  if (place === undefined) return value;
  const { holder, key } = place;
  if (Array.isArray(holder)) {
    const index = Number(key);
    if (how === "remove") holder.splice(index, 1);
    else if (how === "repeat") holder.splice(index, 0, holder[index]);
    else holder[index] = value;
  } else if (how === "remove") delete holder[key];
  else holder[how === "repeat" ? key.toUpperCase() : key] = how === "repeat" ? holder[key] : value;
  return copy;
}

/** Bytes with a few of them cut, doubled or flipped. */
export const byteEdits: fc.Arbitrary<(bytes: Buffer) => Buffer> = fc
  .array(fc.record({ at: fc.nat(), kind: fc.constantFrom("flip", "cut", "double", "end"), size: fc.integer({ min: 1, max: 40 }) }), {
    maxLength: 4,
  })
  .map((edits) => (bytes: Buffer) => {
    let now = Buffer.from(bytes);
    for (const { at, kind, size } of edits) {
      const from = at % Math.max(1, now.length);
      if (kind === "flip" && now.length > 0) now[from] = (now[from] ?? 0) ^ size;
      else if (kind === "cut") now = Buffer.concat([now.subarray(0, from), now.subarray(from + size)]);
      else if (kind === "double") now = Buffer.concat([now.subarray(0, from + size), now.subarray(from)]);
      else if (kind === "end") now = now.subarray(0, from);
    }
    return now;
  });
