import { flagFile } from "../../command/every-flags.ts";
import { type Command, command } from "../../command/types.ts";

/** Flags of `skerry logout` and `skerry auth list`. */
export interface AuthFileFlags {
  readonly authfile: string | undefined;
}

/** `skerry logout`. */
export const logout: Command = command<AuthFileFlags>({
  brief: "forget the account of a registry",
  positionals: [{ name: "HOST", brief: "HOST[:PORT]", count: "one" }],
  flags: {
    authfile: flagFile("the file to remove it from", {
      short: "a",
      aliases: ["registry-config"],
      defaultText: "every file of the look-up order",
    }),
  },
  examples: [{ command: "skerry logout mirror.example.com:8443", does: "remove it from every file that holds it" }],
  load: () => import("./logout.run.ts"),
});
