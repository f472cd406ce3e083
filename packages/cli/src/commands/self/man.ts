import { type Command, command } from "../../command/types.ts";

/** `skerry man`. */
export const man: Command = command<Record<never, never>>({
  brief: "print the manual page in roff",
  flags: {},
  examples: [{ command: "skerry man > skerry.1", does: "read it with `man ./skerry.1`" }],
  load: () => import("./man.run.ts"),
});
