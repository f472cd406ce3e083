import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";

/** `skerry digest`. */
export const digest: Command = command<RegistryFlags>({
  brief: "print the digest of an image",
  positionals: [{ name: "REF", brief: "an image in a registry, folder or file", count: "one" }],
  flags: registryFlags,
  examples: [{ command: "skerry digest quay.io/org/app:v1", does: "what the tag points at now" }],
  load: () => import("./digest.run.ts"),
});
