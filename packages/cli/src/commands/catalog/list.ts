import { type SizesFlag, sizesFlag } from "../../catalogs/sizes-flag.ts";
import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";

/** Flags of `skerry catalog list`. */
export interface CatalogListFlags extends RegistryFlags, SizesFlag {}

/** `skerry catalog list`. */
export const catalogList: Command = command<CatalogListFlags>({
  brief: "list the packages of a catalog",
  details: ["With --sizes also the bytes that the images of each package hold together, shared layers counted once; no layer is fetched."],
  positionals: [{ name: "CATALOG", brief: "an image, layout, folder, file, .db, or - for stdin", count: "one" }],
  flags: { ...sizesFlag, ...registryFlags },
  examples: [{ command: "skerry catalog list registry.redhat.io/redhat/redhat-operator-index:v4.20", does: "packages, channels, heads" }],
  load: () => import("./list.run.ts"),
});
