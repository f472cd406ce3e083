import { channelGraph } from "../model/channel-graph.ts";
import type { CatalogProblem, Channel, InstalledVersion, PackageInfo, SelectedChannel } from "../types.ts";
import { parseBound, type Version } from "../version/version.ts";
import { channelFault } from "./channel-problem.ts";
import { upgradePath } from "./upgrade-path.ts";

/** A version of a channel that an installed one can reach. */
interface Reachable {
  readonly channel: string;
  readonly name: string;
  readonly version: string;
  /** It is what the catalog itself has as the head. */
  readonly isHead: boolean;
}

/**
 * The row for an installed version that reaches no kept head: which cut broke which path, and the nearest selection that
 * leads on from it. An error where the cut did it, a warning where the catalog itself has no way. Pure.
 */
export function brokenPath(
  info: PackageInfo,
  installed: InstalledVersion,
  kept: { readonly channels: readonly SelectedChannel[]; readonly versionOf: (entry: string) => Version | undefined },
): CatalogProblem {
  const { version } = installed;
  const cuts = kept.channels.map((channel) => ({ channel, nearest: nearestInChannel(info, channel, { installed, kept }) }));
  const same = cuts.find((cut) => cut.nearest !== undefined);
  const nearest = same?.nearest ?? nearestElsewhere(info, installed, kept);
  const ends = (same === undefined ? kept.channels : [same.channel]).map(({ name, head }) => `channel "${name}" at ${head}`).join(", ");
  const why =
    nearest === undefined
      ? "no channel of the catalog leads on from it"
      : same === undefined
        ? `of the channels of the catalog only "${nearest.channel}" leads on from it, and that is not kept`
        : `the selection ends ${ends}, and the way from ${version} leads to ${nearest.name} only`;
  const selection = nearest === undefined ? undefined : `${info.name}/${nearest.channel}${nearest.isHead ? "" : `@${nearest.version}`}`;
  return {
    code: "PATH_BROKEN",
    severity: nearest === undefined ? "warning" : "error",
    subject: `${info.name}@${version}`,
    package: info.name,
    ...(same === undefined ? {} : { channel: same.channel.name }),
    original: version,
    action: "kept",
    message: `Package "${info.name}": no upgrade leads from the installed version ${version} to the head of a kept channel: ${why}`,
    hint:
      selection === undefined
        ? "Plan to install anew, or go by a catalog of an older release."
        : `Nearest selection that holds: ${selection}. Keep that too, or plan to install anew.`,
  };
}

interface PathContext {
  readonly installed: InstalledVersion;
  readonly kept: { readonly versionOf: (entry: string) => Version | undefined };
}

/** What the installed version can reach in a channel that was kept with another head: the nearest to that head, newer first. */
function nearestInChannel(info: PackageInfo, kept: SelectedChannel, context: PathContext): Reachable | undefined {
  const channel = info.channels.find((one) => one.name === kept.name);
  if (channel === undefined) return undefined;
  const { chain } = channelGraph(channel);
  const at = chain.indexOf(kept.head);
  const newer = at === -1 ? chain : chain.slice(0, at).reverse();
  const older = at === -1 ? [] : chain.slice(at + 1);
  return [...newer, ...older].flatMap((name) => reachable(info, channel, name, context) ?? [])[0];
}

/** The head of another channel, the default one first. */
function nearestElsewhere(info: PackageInfo, installed: InstalledVersion, kept: PathContext["kept"]): Reachable | undefined {
  const channels = info.channels.toSorted((a, b) => Number(b.name === info.defaultChannel) - Number(a.name === info.defaultChannel));
  for (const channel of channels) {
    const graph = channelGraph(channel);
    if (channelFault(graph) !== undefined) continue;
    const found = graph.heads[0] === undefined ? undefined : reachable(info, channel, graph.heads[0], { installed, kept });
    if (found !== undefined) return found;
  }
  return undefined;
}

function reachable(info: PackageInfo, channel: Channel, name: string, { installed, kept }: PathContext): Reachable | undefined {
  const path = upgradePath(parseBound(installed.version), {
    entries: channel.entries,
    head: name,
    versionOf: kept.versionOf,
    from: installed.bundle,
  });
  const version = info.bundles.get(name)?.version;
  if (path === undefined || version === undefined) return undefined;
  return { channel: channel.name, name, version, isHead: channelGraph(channel).heads[0] === name };
}
