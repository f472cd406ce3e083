import { OUTPUT_FORMATS, outputFlag } from "../../command/every-flags.ts";
import { flagSwitch } from "../../command/flag.ts";
import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";
import { pickFlags, type SetFlags } from "./set-flags.ts";

export type VerifyFlags = RegistryFlags &
  Pick<SetFlags, "lock" | "name" | "max-nested-paths" | "workspace"> & {
    readonly deep: boolean;
    readonly "as-node": boolean;
    readonly output: string;
  };

/** `skerry verify`. */
export const verify: Command = command<VerifyFlags>({
  brief: "check that every image of a lock is at a mirror, whole",
  details: [
    "Looks at every root, tag, child, config, layer and referrer, and at what the catalogs promise. Without --lock, the lock that a mirror run kept at the target is used. No other host is contacted.",
  ],
  positionals: [{ name: "TARGET", brief: "registry: docker://HOST[:PORT][/PREFIX]", count: "one" }],
  flags: {
    ...pickFlags("lock", "name", "max-nested-paths", "workspace"),
    output: outputFlag([...OUTPUT_FORMATS, "junit"]),
    deep: flagSwitch("read every blob again and hash it"),
    "as-node": flagSwitch("pull each source reference through the workspace's mirror rules, with no source in reach"),
    ...registryFlags,
  },
  examples: [
    { command: "skerry verify docker://mirror.example.com:8443/ocp", does: "check against the lock kept there" },
    { command: "skerry verify --deep --lock skerry-imageset/imageset.lock docker://mirror.example.com:8443/ocp", does: "hash every byte" },
  ],
  exits: [5],
  load: () => import("./verify.run.ts"),
});
