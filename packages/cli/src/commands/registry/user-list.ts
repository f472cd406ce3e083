import { type Command, command } from "../../command/types.ts";
import { type RootFlags, rootFlag } from "./root-flag.ts";

/** `skerry registry user list`. */
export const userList: Command = command<RootFlags>({
  brief: "show users and what each may use",
  flags: { root: rootFlag },
  examples: [{ command: "skerry registry user list --root /srv/mirror", does: "never shows a password or its hash" }],
  load: () => import("./user-list.run.ts"),
});
