import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";
import { type RootFlags, rootFlag } from "./root-flag.ts";

export interface StatusFlags extends RootFlags, RegistryFlags {}

/** `skerry registry status`. */
export const status: Command = command<StatusFlags>({
  brief: "what a registry holds, and when it was last looked after",
  details: ["Of a URL only what its API tells is shown: repositories and tags that may be read."],
  flags: { root: { ...rootFlag, placeholder: "DIR|URL" }, ...registryFlags },
  examples: [
    { command: "skerry registry status --root /srv/mirror", does: "also while it serves" },
    { command: "skerry registry status --root https://mirror.example.com:8443", does: "from another machine" },
  ],
  load: () => import("./status.run.ts"),
});
