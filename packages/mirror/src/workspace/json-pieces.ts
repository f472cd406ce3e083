/**
 * The text of `JSON.stringify(document, undefined, 1)` and a newline, in pieces: the items of the document's lists come one by
 * one, so that a list of ten thousand images is never a text as a whole.
 */
export function* jsonPieces(document: object): Generator<string> {
  let before = "{";
  for (const [key, value] of Object.entries(document)) {
    if (value === undefined) continue;
    yield `${before}\n ${JSON.stringify(key)}: `;
    if (Array.isArray(value) && value.length > 0) yield* itemPieces(value);
    else yield indented(value, " ");
    before = ",";
  }
  yield before === "{" ? "{}\n" : "\n}\n";
}

function* itemPieces(items: readonly unknown[]): Generator<string> {
  let before = "[";
  for (const item of items) {
    yield `${before}\n  ${indented(item, "  ")}`;
    before = ",";
  }
  yield "\n ]";
}

/** A line break inside JSON is never part of a string. */
function indented(value: unknown, by: string): string {
  return (JSON.stringify(value, undefined, 1) ?? "null").replaceAll("\n", `\n${by}`);
}
