import type { ChannelEntry } from "../types.ts";
import { byBytes } from "../write/go-json.ts";

/** A row of `channel_entry`: one edge. */
export interface ChannelRow {
  /** Counts from `firstId`. */
  readonly id: number;
  readonly bundle: string;
  /** Row of what is replaced or skipped. */
  readonly replaces: number | null;
  readonly depth: number;
}

/**
 * The edges of a channel as rows, head first. Every name has one row for what it replaces, above those for what it skips,
 * so that whoever reads takes the right edge for `replaces`. Names that are not there have a row too.
 */
export function channelRows(entries: readonly ChannelEntry[], firstId: number): readonly ChannelRow[] {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const order = namesInOrder(byName);
  const ids = new Map(order.map((name, index) => [name, firstId + index]));
  const rows: ChannelRow[] = [];
  let extra = firstId + order.length;
  let depth = 0;
  const skipRows: ChannelRow[] = [];
  for (const [index, name] of order.entries()) {
    const entry = byName.get(name);
    rows.push({ id: firstId + index, bundle: name, replaces: ids.get(entry?.replaces ?? "") ?? null, depth });
    depth += 1;
    for (const skipped of entry?.skips ?? []) {
      const target = ids.get(skipped);
      if (target === undefined) continue;
      skipRows.push({ id: extra, bundle: name, replaces: target, depth });
      extra += 1;
    }
  }
  return [...rows, ...skipRows];
}

/** The entry that nothing replaces or skips; the first by name when there are several. */
export function channelHead(entries: readonly ChannelEntry[]): string | undefined {
  const lower = new Set(entries.flatMap((entry) => [entry.replaces ?? "", ...(entry.skips ?? [])]));
  return entries
    .map((entry) => entry.name)
    .filter((name) => !lower.has(name))
    .sort(byBytes)[0];
}

/** From the heads down, each name once and behind what replaces or skips it; what a cycle keeps back comes last. */
function namesInOrder(byName: ReadonlyMap<string, ChannelEntry>): readonly string[] {
  const waiting = new Map<string, number>();
  for (const entry of byName.values()) {
    if (!waiting.has(entry.name)) waiting.set(entry.name, 0);
    for (const lower of lowerNames(entry)) waiting.set(lower, (waiting.get(lower) ?? 0) + 1);
  }
  const order: string[] = [];
  const ready = [...waiting]
    .filter(([, above]) => above === 0)
    .map(([name]) => name)
    .sort(byBytes)
    .reverse();
  for (let name = ready.pop(); name !== undefined; name = ready.pop()) {
    order.push(name);
    waiting.delete(name);
    const entry = byName.get(name);
    const freed: string[] = [];
    for (const lower of entry === undefined ? [] : lowerNames(entry)) {
      const above = (waiting.get(lower) ?? 0) - 1;
      waiting.set(lower, above);
      if (above === 0) freed.push(lower);
    }
    ready.push(...freed.reverse());
  }
  return [...order, ...[...waiting.keys()].sort(byBytes)];
}

function lowerNames(entry: ChannelEntry): ReadonlySet<string> {
  return new Set([...(entry.skips ?? []), ...(entry.replaces === undefined ? [] : [entry.replaces])].filter((name) => name !== entry.name));
}
