import { flagCount, flagList, flagText } from "../../command/flag.ts";
import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";

export interface HaveFlags extends RegistryFlags {
  readonly lock: readonly string[];
  readonly repositories: string | undefined;
  readonly "max-nested-paths": number;
}

/** `skerry have`. */
export const have: Command = command<HaveFlags>({
  brief: "what a mirror holds, as a list to carry to the near side",
  details: [
    "Digests and repositories only, plain and sorted: read it before it leaves. Repositories come from the registry's own list, else from the locks that are stored there or given.",
  ],
  positionals: [{ name: "TARGET", brief: "registry: docker://HOST[:PORT][/PREFIX]", count: "one" }],
  flags: {
    lock: flagList("a lock that names repositories", { placeholder: "FILE" }),
    repositories: flagText("file with repositories, one a line", { placeholder: "FILE" }),
    "max-nested-paths": flagCount("longest path at the target, prefix included; 0 for no bound", { default: "0", min: 0 }),
    ...registryFlags,
  },
  examples: [
    { command: "skerry have docker://mirror.example.com:8443/ocp -o json > have.json", does: "then: skerry mirror --have have.json …" },
  ],
  load: () => import("./have.run.ts"),
});
