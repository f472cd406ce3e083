import { flagSwitch } from "../../command/flag.ts";
import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";

/** Flags of `skerry inspect`. */
export interface InspectFlags extends RegistryFlags {
  readonly raw: boolean;
  readonly config: boolean;
  readonly platforms: boolean;
  readonly referrers: boolean;
}

/** `skerry inspect`. */
export const inspect: Command = command<InspectFlags>({
  brief: "show what an image is made of",
  details: ["Labels, layers and creation time of an index are those of its linux/amd64 image, or of its first one."],
  positionals: [{ name: "REF", brief: "an image in a registry, folder or file", count: "one" }],
  flags: {
    raw: flagSwitch("print the exact bytes of the manifest", { callOnly: true }),
    config: flagSwitch("print the exact bytes of the configuration", { callOnly: true }),
    platforms: flagSwitch("list the platforms only", { callOnly: true }),
    referrers: flagSwitch("list what refers to the image: signatures, attestations, SBOMs", { callOnly: true }),
    ...registryFlags,
  },
  examples: [
    { command: "skerry inspect quay.io/org/app:v1", does: "a summary" },
    { command: "skerry inspect --raw oci:folder | sha256sum", does: "the digest, calculated" },
  ],
  load: () => import("./inspect.run.ts"),
});
