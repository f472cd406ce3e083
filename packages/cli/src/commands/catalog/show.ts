import { type SizesFlag, sizesFlag } from "../../catalogs/sizes-flag.ts";
import { flagText } from "../../command/flag.ts";
import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";

/** The flag of `skerry catalog show` and `graph` that says where to look. */
export interface OneCatalogFlags extends RegistryFlags {
  readonly catalog: string | undefined;
}

/** Flags of `skerry catalog show`. */
export interface ShowFlags extends OneCatalogFlags, SizesFlag {}

/** `skerry catalog show`. */
export const catalogShow: Command = command<ShowFlags>({
  brief: "show a package: description, channels, versions, upgrades, images, dependencies",
  positionals: [{ name: "PACKAGE", brief: "name of the package", count: "one" }],
  flags: {
    catalog: flagText("an image, layout, folder, file, .db, or - for stdin (required)", { placeholder: "CATALOG" }),
    ...sizesFlag,
    ...registryFlags,
  },
  examples: [
    {
      command: "skerry catalog show cluster-logging --catalog registry.redhat.io/redhat/redhat-operator-index:v4.20",
      does: "what could be mirrored",
    },
  ],
  load: () => import("./show.run.ts"),
});
