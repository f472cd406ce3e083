import type { Catalog } from "../types.ts";

/** The graph of a catalog, without where its documents lie; for tests. */
export function catalogShape(catalog: Catalog): unknown {
  return catalog.packages.map((info) => ({
    name: info.name,
    defaultChannel: info.defaultChannel,
    channels: info.channels,
    deprecations: info.deprecations,
    bundles: [...info.bundles.values()].map(({ name, image, version }) => [name, image, version]).sort(),
  }));
}
