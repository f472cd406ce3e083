import { compareText } from "./mirror-entries.ts";

/** How much one rule covers: a repository, its namespace, or its registry. */
export const MIRROR_SCOPES = ["repository", "namespace", "registry"] as const;

export type MirrorScope = (typeof MIRROR_SCOPES)[number];

/** A source and where it is mirrored. */
export interface MirrorPair {
  readonly source: string;
  readonly mirror: string;
}

/** One rule: a source with its mirrors in the order of preference. */
export interface MirrorRule {
  readonly source: string;
  readonly mirrors: readonly string[];
}

/**
 * Turns pairs of repositories into rules of the wanted scope. A wide rule rewrites the part that it names and keeps the
 * rest, so it is right only for repositories whose last components are the same at both ends; the others (`targetRepo`,
 * flat names) keep rules of their own, which win because the longest source does. containers-registries.conf(5) "prefix".
 */
export function scopeRules(pairs: readonly MirrorPair[], scope: MirrorScope): MirrorRule[] {
  const bySource = Map.groupBy(pairs, (pair) => pair.source);
  const rules = new Map<string, Set<string>>();
  const add = (pair: MirrorPair) => {
    const mirrors = rules.get(pair.source) ?? new Set();
    rules.set(pair.source, mirrors.add(pair.mirror));
  };
  const chosen = chooseWidePairs(pairs, scope);
  for (const own of bySource.values()) {
    const [first] = own;
    if (first === undefined) continue;
    const wide = own.length === 1 ? widen(first, scope) : undefined;
    if (wide !== undefined && chosen.get(wide.source) === wide.mirror) add(wide);
    else for (const pair of own) add(pair);
  }
  return [...rules]
    .map(([source, mirrors]) => ({ source, mirrors: [...mirrors].sort(compareText) }))
    .sort((a, b) => compareText(a.source, b.source));
}

/** The mirror of each wide source: the one that most repositories share. */
function chooseWidePairs(pairs: readonly MirrorPair[], scope: MirrorScope): ReadonlyMap<string, string> {
  const votes = new Map<string, Map<string, number>>();
  for (const pair of pairs) {
    const wide = widen(pair, scope);
    if (wide === undefined) continue;
    const mirrors = votes.get(wide.source) ?? new Map<string, number>();
    votes.set(wide.source, mirrors.set(wide.mirror, (mirrors.get(wide.mirror) ?? 0) + 1));
  }
  const winner = (mirrors: ReadonlyMap<string, number>) =>
    [...mirrors].sort((a, b) => b[1] - a[1] || compareText(a[0], b[0]))[0]?.[0] ?? "";
  return new Map([...votes].map(([source, mirrors]) => [source, winner(mirrors)]));
}

/** A pair with as many last components taken off both ends as the scope asks for; undefined when they differ. */
function widen(pair: MirrorPair, scope: MirrorScope): MirrorPair | undefined {
  if (scope === "repository") return pair;
  const path = pair.source.slice(pair.source.indexOf("/"));
  const cut = scope === "registry" ? path : path.slice(path.lastIndexOf("/"));
  if (!pair.mirror.endsWith(cut)) return undefined;
  const mirror = pair.mirror.slice(0, -cut.length);
  return { source: pair.source.slice(0, -cut.length), mirror };
}
