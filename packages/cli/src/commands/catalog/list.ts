import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";

/** `skerry catalog list`. */
export const catalogList: Command = command<RegistryFlags>({
  brief: "list the packages of a catalog",
  positionals: [{ name: "CATALOG", brief: "an image, layout, folder, file, .db, or - for stdin", count: "one" }],
  flags: registryFlags,
  examples: [{ command: "skerry catalog list registry.redhat.io/redhat/redhat-operator-index:v4.20", does: "packages, channels, heads" }],
  load: () => import("./list.run.ts"),
});
