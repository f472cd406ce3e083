/** Cuts concatenated JSON objects apart, with or without white space between them; undefined when the text is something else. */
export function splitObjects(text: string): readonly string[] | undefined {
  const found: string[] = [];
  let at = 0;
  while (at < text.length) {
    const start = skipSpace(text, at);
    if (start >= text.length) break;
    const end = objectEnd(text, start);
    if (end === undefined) return undefined;
    found.push(text.slice(start, end));
    at = end;
  }
  return found;
}

function skipSpace(text: string, at: number): number {
  let next = at;
  while (next < text.length && " \t\r\n".includes(text.charAt(next))) next += 1;
  return next;
}

/** Position behind the object that begins at `start`. */
function objectEnd(text: string, start: number): number | undefined {
  if (text.charAt(start) !== "{") return undefined;
  // Only quotes and brackets matter for where an object ends; the pattern jumps from one to the next.
  const mark = /["{}[\]]/g;
  mark.lastIndex = start;
  let depth = 0;
  for (let match = mark.exec(text); match !== null; match = mark.exec(text)) {
    const sign = match[0];
    if (sign === '"') {
      const end = stringEnd(text, match.index);
      if (end === undefined) return undefined;
      mark.lastIndex = end;
    } else {
      depth += sign === "{" || sign === "[" ? 1 : -1;
      if (depth === 0) return mark.lastIndex;
    }
  }
  return undefined;
}

function stringEnd(text: string, start: number): number | undefined {
  for (let quote = text.indexOf('"', start + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let slashes = 0;
    while (text.charAt(quote - 1 - slashes) === "\\") slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
  }
  return undefined;
}
