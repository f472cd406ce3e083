import type { Channel, PackageInfo, PackageSelection, VersionWish } from "../types.ts";
import { type VersionMatcher, versionMatcher } from "../version/matcher.ts";
import type { ChannelWish } from "./channel-window.ts";
import { invalidWish, unknownChannel } from "./selection-errors.ts";

export interface WantedChannel {
  readonly channel: Channel;
  readonly wish: ChannelWish;
  /** The user named a range for this very channel, so an empty result is the user's error. */
  readonly named: boolean;
}

/**
 * The channels that a wish names, each with what to keep of it.
 *
 * @throws CatalogError SELECTION_UNKNOWN_CHANNEL, SELECTION_INVALID, VERSION_INVALID, RANGE_INVALID
 */
export function wantedChannels(info: PackageInfo, wish: PackageSelection, full: boolean): readonly WantedChannel[] {
  checkWish(wish, full);
  const own = versionMatcher(wish);
  const wishFor = (versions: VersionMatcher | undefined): ChannelWish =>
    versions !== undefined ? { kind: "range", versions } : full ? { kind: "full" } : { kind: "head" };
  if (wish.channels === undefined || wish.channels.length === 0) {
    return info.channels.map((channel) => ({ channel, wish: wishFor(own), named: false }));
  }
  return [...wish.channels]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((wanted) => {
      const channel = info.channels.find(({ name }) => name === wanted.name);
      if (channel === undefined) throw unknownChannel(info, wanted.name);
      const versions = versionMatcher(wanted);
      return { channel, wish: wishFor(versions ?? own), named: versions !== undefined };
    });
}

function hasVersions(wish: VersionWish): boolean {
  return wish.minVersion !== undefined || wish.maxVersion !== undefined || wish.range !== undefined || (wish.versions ?? []).length > 0;
}

function checkWish(wish: PackageSelection, full: boolean): void {
  if ((wish.channels ?? []).some((channel) => (channel.name ?? "") === "")) throw invalidWish(wish.name, "one of its channels has no name");
  const ranged = hasVersions(wish);
  const channelRanged = (wish.channels ?? []).some(hasVersions);
  if (ranged && channelRanged) throw invalidWish(wish.name, "a range for the package and one for a channel exclude each other");
  if (full && (ranged || channelRanged)) throw invalidWish(wish.name, '"full" and a range of versions exclude each other');
}
