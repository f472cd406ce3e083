import type { ChannelEntry } from "../types.ts";
import { inRange, parseRange, type VersionRange } from "../version/range.ts";
import { compareVersions, type Version } from "../version/version.ts";

export interface PathTask {
  readonly entries: readonly ChannelEntry[];
  /** Name of the entry to be reached. */
  readonly head: string;
  readonly versionOf: (entry: string) => Version | undefined;
  /** Name of the installed bundle, when it is known; an entry may replace it by name although the catalog lacks it. */
  readonly from?: string | undefined;
}

/**
 * The shortest way from an installed version to the head of a channel: names of the entries to be installed one after
 * another, the head last; empty when the head itself is installed. An entry can follow what it replaces, skips, or has in
 * its `skipRange`. Undefined when there is no way.
 */
export function upgradePath(installed: Version, task: PathTask): readonly string[] | undefined {
  const here = task.entries.filter((entry) => {
    const version = task.versionOf(entry.name);
    return version !== undefined && compareVersions(version, installed) === 0;
  });
  if (here.some((entry) => entry.name === task.head)) return [];
  const ranges = new Map(task.entries.map((entry) => [entry.name, quietRange(entry.skipRange)]));
  const follows = (entry: ChannelEntry, name: string, version: Version | undefined): boolean => {
    if (entry.name === name) return false;
    if (entry.replaces === name || entry.skips?.includes(name) === true) return true;
    const range = ranges.get(entry.name);
    return version !== undefined && range !== undefined && inRange(version, range);
  };
  const cameFrom = new Map<string, string>();
  const starts = [...new Set([...here.map((entry) => entry.name), task.from ?? ""])];
  let front: readonly { name: string; version: Version | undefined }[] = starts.map((name) => ({ name, version: installed }));
  const seen = new Set(starts);
  while (front.length > 0) {
    const next: { name: string; version: Version | undefined }[] = [];
    for (const { name, version } of front) {
      for (const entry of task.entries) {
        if (seen.has(entry.name) || !follows(entry, name, version)) continue;
        seen.add(entry.name);
        cameFrom.set(entry.name, name);
        if (entry.name === task.head) return walkBack(cameFrom, task.head, new Set(starts));
        next.push({ name: entry.name, version: task.versionOf(entry.name) });
      }
    }
    front = next;
  }
  return undefined;
}

function walkBack(cameFrom: ReadonlyMap<string, string>, head: string, starts: ReadonlySet<string>): readonly string[] {
  const path: string[] = [];
  for (let at: string | undefined = head; at !== undefined && !starts.has(at); at = cameFrom.get(at)) path.unshift(at);
  return path;
}

function quietRange(text: string | undefined): VersionRange | undefined {
  if (text === undefined) return undefined;
  try {
    return parseRange(text);
  } catch {
    return undefined;
  }
}
