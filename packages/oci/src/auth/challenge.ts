/** One scheme that a registry offers, from a WWW-Authenticate header. RFC 9110, 11.6.1. */
export interface Challenge {
  /** Lower case: `basic`, `bearer`. */
  readonly scheme: string;
  /** Parameters by lower-case name. */
  readonly params: ReadonlyMap<string, string>;
}

const MAX_HEADER = 16 * 1024;

/**
 * Reads challenges from header values. Each value may hold several challenges, parameters may be quoted or bare, and
 * unreadable rests are skipped: a registry that offers Negotiate beside Bearer must stay usable.
 */
export function parseChallenges(headers: readonly string[]): Challenge[] {
  return headers.flatMap((header) => parseOne(header.slice(0, MAX_HEADER)));
}

/** The challenge to answer: Bearer before Basic, whatever their order; others are left alone. */
export function chooseChallenge(challenges: readonly Challenge[]): Challenge | undefined {
  return (
    challenges.find((challenge) => challenge.scheme === "bearer" && challenge.params.has("realm")) ??
    challenges.find((challenge) => challenge.scheme === "basic")
  );
}

function parseOne(text: string): Challenge[] {
  const challenges: { scheme: string; params: Map<string, string> }[] = [];
  const token = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
  let at = 0;
  const word = (): string | undefined => {
    token.lastIndex = at;
    const found = token.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const blanks = (): void => {
    while (text[at] === " " || text[at] === "\t") at += 1;
  };
  while (at < text.length) {
    blanks();
    if (text[at] === ",") {
      at += 1;
      continue;
    }
    const name = word();
    if (name === undefined) {
      at += 1;
      continue;
    }
    blanks();
    const current = challenges.at(-1);
    if (text[at] === "=" && current !== undefined) {
      at += 1;
      blanks();
      const value = text[at] === '"' ? quoted() : bare();
      if (!current.params.has(name.toLowerCase())) current.params.set(name.toLowerCase(), value);
      continue;
    }
    challenges.push({ scheme: name.toLowerCase(), params: new Map() });
    skipToken68();
  }
  return challenges;

  function quoted(): string {
    let value = "";
    at += 1;
    while (at < text.length && text[at] !== '"') {
      if (text[at] === "\\") at += 1;
      value += text[at] ?? "";
      at += 1;
    }
    at += 1;
    return value;
  }

  /** Bare values may hold more than RFC tokens: `realm=https://host/token` is seen in the wild. */
  function bare(): string {
    const start = at;
    while (at < text.length && text[at] !== "," && text[at] !== " " && text[at] !== "\t") at += 1;
    return text.slice(start, at);
  }

  /** `Negotiate oYG…==`: a blob instead of parameters. */
  function skipToken68(): void {
    const blob = /[A-Za-z0-9\-._~+/]+=*(?=\s*(?:,|$))/y;
    blob.lastIndex = at;
    const found = blob.exec(text)?.[0];
    if (found !== undefined && found.length > 0 && !/^[A-Za-z]+$/.test(found)) at += found.length;
  }
}
