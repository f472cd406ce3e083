import { member } from "../document/shape.ts";
import { channelGraph } from "../model/channel-graph.ts";
import type { Catalog, CatalogDocument } from "../types.ts";
import { byBytes } from "../write/go-json.ts";

export interface PackageRow {
  readonly package: string;
  /** From the bundle at the head of the default channel; empty where the publisher gives none. */
  readonly displayName: string;
  readonly defaultChannel: string;
}

export interface ChannelRow {
  readonly package: string;
  readonly channel: string;
  /** Empty when the channel has no single head. */
  readonly head: string;
  readonly entries: number;
}

export interface BundleRow {
  readonly package: string;
  readonly channel: string;
  readonly bundle: string;
  readonly version: string;
  readonly replaces: string;
  readonly skips: readonly string[];
  readonly skipRange: string;
  readonly image: string;
}

/** Packages by name, with the name that the console shows. Reads one bundle of each package. */
export async function listPackages(catalog: Catalog): Promise<readonly PackageRow[]> {
  const heads = new Map<string, string>();
  for (const info of catalog.packages) {
    const channel = info.channels.find(({ name }) => name === info.defaultChannel);
    const head = channel === undefined ? undefined : channelGraph(channel).heads[0];
    if (head !== undefined) heads.set(info.name, head);
  }
  const names = new Map<string, string>();
  const isHead = (document: CatalogDocument): boolean => document.schema === "olm.bundle" && heads.get(document.package) === document.name;
  for await (const { document, body } of catalog.documents(isHead)) names.set(document.package, displayName(body));
  return catalog.packages.map((info) => ({
    package: info.name,
    displayName: names.get(info.name) ?? "",
    defaultChannel: info.defaultChannel,
  }));
}

/** `displayName` of a bundle's CSV or CSV metadata; empty when it has none. */
export function displayName(body: Readonly<Record<string, unknown>>): string {
  const properties = member(body, "properties");
  for (const property of Array.isArray(properties) ? (properties as readonly unknown[]) : []) {
    const type = member(property, "type");
    const name =
      type === "olm.csv.metadata"
        ? member(property, "value", "displayName")
        : type === "olm.bundle.object"
          ? csvDisplayName(member(property, "value", "data"))
          : undefined;
    if (typeof name === "string" && name !== "") return name;
  }
  return "";
}

function csvDisplayName(data: unknown): unknown {
  if (typeof data !== "string") return undefined;
  try {
    const object: unknown = JSON.parse(Buffer.from(data, "base64").toString("utf8"));
    return member(object, "kind") === "ClusterServiceVersion" ? member(object, "spec", "displayName") : undefined;
  } catch {
    return undefined;
  }
}

/** Channels by package and name. */
export function listChannels(catalog: Catalog, packageName?: string): readonly ChannelRow[] {
  return chosen(catalog, packageName).flatMap((info) =>
    info.channels
      .toSorted((a, b) => byBytes(a.name, b.name))
      .map((channel) => {
        const { heads } = channelGraph(channel);
        return {
          package: info.name,
          channel: channel.name,
          head: heads.length === 1 ? (heads[0] ?? "") : "",
          entries: channel.entries.length,
        };
      }),
  );
}

/** Entries by package, channel and bundle name. */
export function listBundles(catalog: Catalog, packageName?: string): readonly BundleRow[] {
  return chosen(catalog, packageName).flatMap((info) =>
    info.channels
      .toSorted((a, b) => byBytes(a.name, b.name))
      .flatMap((channel) =>
        channel.entries
          .toSorted((a, b) => byBytes(a.name, b.name))
          .map((entry) => {
            const bundle = info.bundles.get(entry.name);
            return {
              package: info.name,
              channel: channel.name,
              bundle: entry.name,
              version: bundle?.version ?? "",
              replaces: entry.replaces ?? "",
              skips: entry.skips ?? [],
              skipRange: entry.skipRange ?? "",
              image: bundle?.image ?? "",
            };
          }),
      ),
  );
}

function chosen(catalog: Catalog, packageName: string | undefined): Catalog["packages"] {
  return packageName === undefined ? catalog.packages : catalog.packages.filter((info) => info.name === packageName);
}
