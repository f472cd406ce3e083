import { flagText } from "../../command/flag.ts";
import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";

/** Flags of `skerry catalog show` and `graph`. */
export interface OneCatalogFlags extends RegistryFlags {
  readonly catalog: string | undefined;
}

/** `skerry catalog show`. */
export const catalogShow: Command = command<OneCatalogFlags>({
  brief: "show a package: channels, versions, upgrades",
  positionals: [{ name: "PACKAGE", brief: "name of the package", count: "one" }],
  flags: {
    catalog: flagText("an image, layout, folder, file, .db, or - for stdin (required)", { placeholder: "CATALOG" }),
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
