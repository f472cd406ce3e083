import { type Command, command } from "../../command/types.ts";

/** `skerry version`. */
export const version: Command = command<Record<never, never>>({
  brief: "show the version of skerry, its build and its runtime",
  flags: {},
  examples: [{ command: "skerry version -o json", does: "for scripts" }],
  load: () => import("./version.run.ts"),
});
