import { channelGraph } from "../model/channel-graph.ts";
import type { CatalogProblem, ChannelEntry, PackageInfo } from "../types.ts";
import { inRange, parseRange, rangeFault } from "../version/range.ts";
import { compareVersions, tryParseVersion } from "../version/version.ts";
import { strandedEntries } from "./channel-problem.ts";

export interface SoundResult {
  readonly entries: readonly ChannelEntry[];
  readonly problems: readonly CatalogProblem[];
}

/**
 * The kept entries as a channel that a cluster can read: without entries whose bundle is missing or has no version, and
 * with one head. Where such an entry is on the chain, the chain ends above it. Where a cut left an entry without a way to
 * the head, the head skips it, so that it stays installable and upgradable. Undefined when the head itself is unusable.
 */
export function soundEntries(info: PackageInfo, channel: string, kept: readonly ChannelEntry[]): SoundResult | undefined {
  const problems: CatalogProblem[] = [];
  const unique = new Map<string, ChannelEntry>();
  for (const entry of kept) {
    const fault = entryFault(info, entry.name) ?? (unique.has(entry.name) ? "the channel names it twice" : undefined);
    if (fault !== undefined) problems.push(row(info, channel, { name: entry.name, fault }));
    if (fault === undefined) unique.set(entry.name, entry);
  }
  const head = channelGraph({ name: channel, entries: kept }).heads[0];
  if (head === undefined || !unique.has(head)) return undefined;
  const entries = problems.length === 0 ? [...unique.values()] : connected([...unique.values()], head);
  return { entries: linked(info, entries, head), problems };
}

function entryFault(info: PackageInfo, name: string): string | undefined {
  const bundle = info.bundles.get(name);
  if (bundle === undefined) return "it has no olm.bundle";
  return tryParseVersion(bundle.version) === undefined ? `its version ${JSON.stringify(bundle.version)} is none` : undefined;
}

/** Entries that edges of kept ones lead to, from the head down. */
function connected(entries: readonly ChannelEntry[], head: string): readonly ChannelEntry[] {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const reached = new Set<string>();
  const open = [head];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const entry = byName.get(name);
    if (entry === undefined || reached.has(name)) continue;
    reached.add(name);
    open.push(...(entry.replaces === undefined ? [] : [entry.replaces]), ...(entry.skips ?? []));
  }
  return entries.filter((entry) => reached.has(entry.name));
}

/**
 * Gives every other head and every stranded entry a successor: a newer entry whose `skipRange` covers it, for that is an
 * upgrade the publisher allows already, else the head.
 */
function linked(info: PackageInfo, entries: readonly ChannelEntry[], head: string): readonly ChannelEntry[] {
  let result = entries;
  for (;;) {
    const graph = channelGraph({ name: "", entries: result });
    const others = graph.heads.filter((name) => name !== head);
    const loose = others.length > 0 ? others : strandedEntries(graph);
    if (loose.length === 0) return result;
    const targets = new Map(loose.map((name) => [name, successor(info, result, { name, head })]));
    result = result.map((entry) => {
      const gained = loose.filter((name) => targets.get(name) === entry.name);
      return gained.length === 0 ? entry : { ...entry, skips: [...(entry.skips ?? []), ...gained] };
    });
  }
}

function successor(info: PackageInfo, entries: readonly ChannelEntry[], at: { readonly name: string; readonly head: string }): string {
  const version = tryParseVersion(info.bundles.get(at.name)?.version ?? "");
  if (version === undefined) return at.head;
  const newer = entries.filter((entry) => {
    const own = tryParseVersion(info.bundles.get(entry.name)?.version ?? "");
    if (own === undefined || compareVersions(own, version) <= 0 || entry.skipRange === undefined) return false;
    return rangeFault(entry.skipRange) === undefined && inRange(version, parseRange(entry.skipRange));
  });
  return newer.some((entry) => entry.name === at.head) ? at.head : (newer[0]?.name ?? at.head);
}

function row(info: PackageInfo, channel: string, bad: { readonly name: string; readonly fault: string }): CatalogProblem {
  return {
    code: "PACKAGE_INVALID",
    severity: "error",
    subject: `${info.name}/${channel}/${bad.name}`,
    package: info.name,
    channel,
    bundle: bad.name,
    action: "dropped",
    message: `Left out entry "${bad.name}" of channel "${channel}" of package "${info.name}": ${bad.fault}`,
    hint: "Older versions below it on the chain are left out too. Report it to the publisher of the catalog.",
  };
}
