import { type OpenCatalogOptions, openCatalogTree } from "../open-catalog.ts";
import { memoryFile, singleFile } from "../scan/source-files.ts";
import type { Catalog, ChannelEntry } from "../types.ts";

/** A package for tests: channels by name, and the version of each bundle by its name. */
export interface MadePackage {
  readonly name: string;
  readonly defaultChannel?: string;
  readonly channels: Readonly<Record<string, readonly ChannelEntry[]>>;
  /** Default: `a.v1.2.3` has version 1.2.3. */
  readonly versions?: Readonly<Record<string, string>>;
  /** Further properties by bundle. */
  readonly properties?: Readonly<Record<string, readonly { readonly type: string; readonly value: unknown }[]>>;
  /** Entries that have no bundle document. */
  readonly withoutBundle?: readonly string[];
}

/** Opens a catalog with these packages, written as JSON in memory; `extra` documents follow. */
export function madeCatalog(
  packages: readonly MadePackage[],
  extra: readonly object[] = [],
  options: Partial<OpenCatalogOptions> = {},
): Promise<Catalog> {
  const text = [...packages.flatMap(documentsOf), ...extra].map((document) => `${JSON.stringify(document, null, 4)}\n`).join("");
  return openCatalogTree(singleFile(memoryFile("catalog.json", Buffer.from(text))), { name: "made", ...options });
}

/** The documents of a package. */
export function documentsOf(made: MadePackage): readonly object[] {
  const channels = Object.entries(made.channels);
  const names = new Set(channels.flatMap(([, entries]) => entries.map((entry) => entry.name)));
  const bundles = [...names].filter((name) => made.withoutBundle?.includes(name) !== true);
  return [
    { schema: "olm.package", name: made.name, defaultChannel: made.defaultChannel ?? channels[0]?.[0] ?? "" },
    ...channels.map(([name, entries]) => ({ schema: "olm.channel", package: made.name, name, entries })),
    ...bundles.map((name) => ({
      schema: "olm.bundle",
      package: made.name,
      name,
      image: `registry.test/${made.name}/bundle:${name.toLowerCase()}`,
      properties: [
        { type: "olm.package", value: { packageName: made.name, version: made.versions?.[name] ?? name.replace(/^.*?\.v/, "") } },
        ...(made.properties?.[name] ?? []),
      ],
    })),
  ];
}
