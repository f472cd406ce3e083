import type { Catalog, Selected } from "../types.ts";

/** Everything of a catalog as a selection, for rendering and migrating; nothing is checked. */
export function wholeCatalog(catalog: Catalog): Selected {
  const packages = catalog.packages.map((info) => ({
    name: info.name,
    defaultChannel: info.defaultChannel,
    channels: info.channels.map((channel) => ({ name: channel.name, entries: channel.entries, head: "" })),
    bundles: [...info.bundles.keys()].sort(),
  }));
  return { packages, problems: [], unchanged: true };
}
