import { channelGraph } from "../model/channel-graph.ts";
import type { CatalogProblem, ChannelEntry, PackageInfo, SelectedChannel } from "../types.ts";
import type { Version } from "../version/version.ts";
import { channelFault, channelRow } from "./channel-problem.ts";
import { keptEntries, windowEntries } from "./channel-window.ts";
import { soundEntries } from "./sound-entries.ts";
import { upgradePath } from "./upgrade-path.ts";
import type { WantedChannel } from "./wanted-channels.ts";

export interface ChannelTask {
  readonly versionOf: (entry: string) => Version | undefined;
  /** Everything is kept as it is, broken channels too. */
  readonly unchanged: boolean;
  /** Versions from which the head must stay reachable. */
  readonly installed: readonly { readonly version: Version; readonly bundle?: string | undefined }[];
}

/** The kept channel; or why there is none: its graph cannot be served, or nothing is in range. */
export interface ChannelResult {
  readonly channel?: SelectedChannel;
  readonly broken: boolean;
  readonly problems: readonly CatalogProblem[];
  /** Installed versions that reach the head, by position in the task. */
  readonly reached: ReadonlySet<number>;
}

/** Cuts one channel to what is wanted, so that it still is one: one head, and a way to it from every entry. */
export function selectChannel(info: PackageInfo, wanted: WantedChannel, task: ChannelTask): ChannelResult {
  const { channel, wish } = wanted;
  const graph = channelGraph(channel);
  const problems: CatalogProblem[] = [];
  const nothing = new Set<number>();
  // What only newer releases of opm call stranded is linked to the head below, and costs no channel.
  const fault = channelFault(graph, true);
  if (fault !== undefined) {
    const row = channelRow(info.name, channel.name, fault);
    problems.push(task.unchanged ? { ...row, action: "kept" } : row);
    if (!task.unchanged) return { broken: true, problems, reached: nothing };
  }
  const kept = keptEntries(graph, wish, task.versionOf);
  const window = windowEntries(channel.entries, kept);
  if (window.length === 0) return { broken: false, problems, reached: nothing };
  if (task.unchanged) {
    return { channel: { name: channel.name, entries: window, head: graph.heads[0] ?? "" }, broken: false, problems, reached: nothing };
  }
  const head = channelGraph({ name: channel.name, entries: window }).heads[0] ?? "";
  const ways = walkable(channel.entries, head, task);
  const all = new Set([...kept, ...ways.names]);
  const sound = soundEntries(info, channel.name, windowEntries(channel.entries, all));
  if (sound === undefined) {
    const why = { code: "PACKAGE_INVALID" as const, message: `its head ${head} has no usable bundle` };
    return { broken: true, problems: [...problems, channelRow(info.name, channel.name, why)], reached: nothing };
  }
  return {
    channel: { name: channel.name, entries: sound.entries, head },
    broken: false,
    problems: [...problems, ...sound.problems],
    reached: ways.reached,
  };
}

/** The entries that lead from the installed versions to the head. */
function walkable(
  entries: readonly ChannelEntry[],
  head: string,
  task: ChannelTask,
): { readonly names: readonly string[]; readonly reached: ReadonlySet<number> } {
  const names: string[] = [];
  const reached = new Set<number>();
  for (const [at, installed] of task.installed.entries()) {
    const path = upgradePath(installed.version, { entries, head, versionOf: task.versionOf, from: installed.bundle });
    if (path === undefined) continue;
    reached.add(at);
    names.push(...path);
  }
  return { names, reached };
}
