import { type Command, command } from "../../command/types.ts";
import { pickFlags, type SetFlags } from "./set-flags.ts";

/** `skerry config check`. */
export const configCheck: Command = command<Pick<SetFlags, "config">>({
  brief: "check an image set configuration without contacting anything",
  flags: pickFlags("config"),
  examples: [{ command: "skerry config check -c imageset.yaml", does: "every error with file, line and column" }],
  load: () => import("./config-check.run.ts"),
});
