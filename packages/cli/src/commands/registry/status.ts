import { type Command, command } from "../../command/types.ts";
import { type RootFlags, rootFlag } from "./root-flag.ts";

/** `skerry registry status`. */
export const status: Command = command<RootFlags>({
  brief: "what a registry holds, and when it was last looked after",
  flags: { root: rootFlag },
  examples: [{ command: "skerry registry status --root /srv/mirror", does: "also while it serves" }],
  load: () => import("./status.run.ts"),
});
