import { type Command, command } from "../../command/types.ts";

/** `skerry config schema`. */
export const configSchema: Command = command<Record<never, never>>({
  brief: "JSON Schema of image set configurations, for editors",
  flags: {},
  examples: [{ command: "skerry config schema > imageset.schema.json", does: "for yaml-language-server" }],
  load: () => import("./config-schema.run.ts"),
});
