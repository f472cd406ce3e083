import { type Command, command } from "../../command/types.ts";

/** `skerry archive tool`. */
export const archiveTool: Command = command<Record<never, never>>({
  brief: "take the program that travels in an archive out of it",
  details: ["It runs under Node 24.15 or newer: 'node skerry.mjs --help'. A file that is there already is not written over."],
  positionals: [
    { name: "DIR", brief: "folder of an archive, or file://DIR", count: "one" },
    { name: "FILE", brief: "where to put it, - for stdout; ./skerry.mjs without it", count: "optional" },
  ],
  flags: {},
  examples: [{ command: "skerry archive tool /media/disk", does: "writes ./skerry.mjs" }],
  load: () => import("./tool.run.ts"),
});
