import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";

/** `skerry tags`. */
export const tags: Command = command<RegistryFlags>({
  brief: "list all tags of a repository",
  positionals: [{ name: "REPO", brief: "docker://HOST/REPO, without a tag", count: "one" }],
  flags: registryFlags,
  examples: [{ command: "skerry tags quay.io/org/app", does: "one a line, sorted" }],
  load: () => import("./tags.run.ts"),
});
