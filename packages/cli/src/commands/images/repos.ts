import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";

/** `skerry repos`. */
export const repos: Command = command<RegistryFlags>({
  brief: "list all repositories of a registry",
  details: ["Asks for _catalog, page by page. Public registries refuse it, and some list only what the account may see."],
  positionals: [{ name: "HOST", brief: "HOST[:PORT]", count: "one" }],
  flags: registryFlags,
  examples: [{ command: "skerry repos mirror.example.com:8443", does: "one a line, sorted" }],
  load: () => import("./repos.run.ts"),
});
