import { channelGraph } from "../model/channel-graph.ts";
import { decodeBundle } from "../model/decode-bundle.ts";
import { ShapeError } from "../model/decode-channel.ts";
import type { Catalog, PackageInfo, Selected } from "../types.ts";
import { inRange, parseRange, rangeFault } from "../version/range.ts";
import { compareVersions, tryParseVersion } from "../version/version.ts";
import { type Gvk, gvkText, providedApis } from "./requirements.ts";

/** A bundle that meets a requirement. */
export interface Provider {
  readonly package: string;
  readonly channel: string;
  readonly bundle: string;
  readonly version: string;
  /** It is kept already. */
  readonly kept: boolean;
}

/** Which bundle provides which API: package and bundle names by API. Reads every bundle once. */
export async function apiIndex(catalog: Catalog): Promise<ReadonlyMap<string, readonly (readonly [string, string])[]>> {
  const index = new Map<string, (readonly [string, string])[]>();
  for await (const { document, body } of catalog.documents((one) => one.schema === "olm.bundle")) {
    try {
      for (const gvk of providedApis(decodeBundle(body))) {
        const key = gvkText(gvk);
        const list = index.get(key) ?? [];
        list.push([document.package, document.name]);
        index.set(key, list);
      }
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
    }
  }
  return index;
}

/**
 * The bundle of a package that the resolver of a cluster would take for a range: the head of the default channel when
 * it fits, else the newest fitting version, the default channel first. What is kept already wins.
 */
export function packageProvider(info: PackageInfo, range: string, selected: Selected): Provider | undefined {
  if (rangeFault(range) !== undefined) return undefined;
  const wanted = parseRange(range);
  return bestProvider(info, selected, (bundle) => {
    const version = tryParseVersion(info.bundles.get(bundle)?.version ?? "");
    return version !== undefined && inRange(version, wanted);
  });
}

/** The bundle that would be taken for an API; packages by name. */
export function apiProvider(
  catalog: Catalog,
  gvk: Gvk,
  at: { readonly index: ReadonlyMap<string, readonly (readonly [string, string])[]>; readonly selected: Selected },
): Provider | undefined {
  const owners = new Map<string, Set<string>>();
  for (const [owner, bundle] of at.index.get(gvkText(gvk)) ?? []) owners.set(owner, (owners.get(owner) ?? new Set<string>()).add(bundle));
  const found = [...owners.keys()].sort().flatMap((owner) => {
    const info = catalog.package(owner);
    const provider = info === undefined ? undefined : bestProvider(info, at.selected, (bundle) => owners.get(owner)?.has(bundle) === true);
    return provider === undefined ? [] : [provider];
  });
  return found.find((provider) => provider.kept) ?? found[0];
}

function bestProvider(info: PackageInfo, selected: Selected, fits: (bundle: string) => boolean): Provider | undefined {
  const kept = selected.packages.find((one) => one.name === info.name);
  for (const channel of kept?.channels ?? []) {
    const entry =
      channel.entries.find((one) => one.name === channel.head && fits(one.name)) ?? channel.entries.find((one) => fits(one.name));
    if (entry !== undefined) return providerOf(info, channel.name, { bundle: entry.name, kept: true });
  }
  const channels = [...info.channels].sort(
    (a, b) => Number(b.name === info.defaultChannel) - Number(a.name === info.defaultChannel) || (a.name < b.name ? -1 : 1),
  );
  for (const channel of channels) {
    const graph = channelGraph(channel);
    const head = graph.heads.length === 1 ? graph.heads[0] : undefined;
    if (head !== undefined && fits(head)) return providerOf(info, channel.name, { bundle: head, kept: false });
    const newest = [...graph.entries.keys()].filter(fits).sort((a, b) => newestFirst(info, a, b))[0];
    if (newest !== undefined) return providerOf(info, channel.name, { bundle: newest, kept: false });
  }
  return undefined;
}

function newestFirst(info: PackageInfo, a: string, b: string): number {
  const left = tryParseVersion(info.bundles.get(a)?.version ?? "");
  const right = tryParseVersion(info.bundles.get(b)?.version ?? "");
  return left === undefined || right === undefined ? 0 : compareVersions(right, left);
}

function providerOf(info: PackageInfo, channel: string, at: { readonly bundle: string; readonly kept: boolean }): Provider {
  return { package: info.name, channel, bundle: at.bundle, version: info.bundles.get(at.bundle)?.version ?? "", kept: at.kept };
}
