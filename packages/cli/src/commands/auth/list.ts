import { flagFile } from "../../command/every-flags.ts";
import { type Command, command } from "../../command/types.ts";
import type { AuthFileFlags } from "./logout.ts";

/** `skerry auth list`. */
export const authList: Command = command<AuthFileFlags>({
  brief: "show which file serves which registry, never a secret",
  flags: {
    authfile: flagFile("look at this file only", {
      short: "a",
      aliases: ["registry-config"],
      defaultText: "look-up order of containers-auth.json(5)",
    }),
  },
  examples: [{ command: "skerry auth list", does: "in the order in which they are looked at" }],
  load: () => import("./list.run.ts"),
});
