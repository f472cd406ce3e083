import { flagList } from "../../command/flag.ts";
import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";

/** Flags of `skerry catalog search`. */
export interface SearchFlags extends RegistryFlags {
  readonly catalog: readonly string[];
}

/** `skerry catalog search`. */
export const catalogSearch: Command = command<SearchFlags>({
  brief: "find packages by words in their name, title, description and keywords",
  positionals: [{ name: "WORDS", brief: "all of them must occur; case does not matter", count: "some" }],
  flags: { catalog: flagList("where to look (at least one)", { placeholder: "CATALOG" }), ...registryFlags },
  examples: [{ command: "skerry catalog search log storage --catalog ./redhat --catalog ./community", does: "in two catalogs" }],
  load: () => import("./search.run.ts"),
});
