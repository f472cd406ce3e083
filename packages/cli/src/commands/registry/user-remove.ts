import { type Command, command } from "../../command/types.ts";
import { type RootFlags, rootFlag } from "./root-flag.ts";

/** `skerry registry user remove`. */
export const userRemove: Command = command<RootFlags>({
  brief: "remove a user",
  positionals: [{ name: "NAME", brief: "user name", count: "one" }],
  flags: { root: rootFlag },
  examples: [{ command: "skerry registry user remove mirror", does: "then SIGHUP, if it serves" }],
  load: () => import("./user-remove.run.ts"),
});
