import { type Command, command } from "../../command/types.ts";

/** `skerry archive list`. */
export const archiveList: Command = command<Record<never, never>>({
  brief: "what archives there are, how large, and what they build on",
  positionals: [{ name: "DIR", brief: "folder of an archive, or file://DIR", count: "some" }],
  flags: {},
  examples: [{ command: "skerry archive list /media/disk", does: "name, size, volumes, what is missing" }],
  load: () => import("./list.run.ts"),
});
