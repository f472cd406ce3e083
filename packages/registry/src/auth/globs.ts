/** Which repositories somebody may use: `*` stands for a part of one path component, `**` for any number of components. */
export interface RepositoryGlobs {
  readonly read: readonly string[];
  readonly write: readonly string[];
}

const GLOB = /^(?:[a-z0-9._*-]+\/)*[a-z0-9._*-]+\/?$/;

/** True for a pattern that {@link globMatcher} understands. */
export function isRepositoryGlob(text: string): boolean {
  return text.length <= 255 && GLOB.test(text);
}

/** Makes a test out of patterns. A pattern that ends in a slash stands for everything below it. */
export function globMatcher(patterns: readonly string[]): (repository: string) => boolean {
  const tests = patterns.map((pattern) => (pattern.endsWith("/") ? `${pattern}**` : pattern).split("/"));
  return (repository) => {
    const parts = repository.split("/");
    return tests.some((test) => matchParts(test, parts));
  };
}

function matchParts(pattern: readonly string[], parts: readonly string[]): boolean {
  const [head, ...rest] = pattern;
  if (head === undefined) return parts.length === 0;
  if (head === "**") {
    for (let skip = rest.length === 0 ? 1 : 0; skip <= parts.length; skip += 1) if (matchParts(rest, parts.slice(skip))) return true;
    return false;
  }
  const [first, ...others] = parts;
  return first !== undefined && matchComponent(head, first) && matchParts(rest, others);
}

/** Pieces between stars are found from left to right; no regular expression, so no pattern can be slow. */
function matchComponent(pattern: string, text: string): boolean {
  const pieces = pattern.split("*");
  const first = pieces.shift() ?? "";
  const last = pieces.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const piece of pieces) {
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}
